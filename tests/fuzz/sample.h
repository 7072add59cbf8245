/*
 * sample.h - a store for fuzz targets, with the fixture of the unit tests.
 */
#ifndef FAVFS_TESTS_FUZZ_SAMPLE_H
#define FAVFS_TESTS_FUZZ_SAMPLE_H

/* Names a directory of this process for fixture.path; it is removed at the end. */
void sample_directory(void);

/* A sound store that has something of everything in it, counted but for the newest changes. */
void sample_fill(void);

#endif
