/* version.h - the version of favfs, in this one place. */
#ifndef FAVFS_VERSION_H
#define FAVFS_VERSION_H

#define VERSION "0.1.0"

#endif
