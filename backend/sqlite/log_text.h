/*
 * log_text.h - the change log as the text that people read.
 *
 * One line a change: SEQ TIME OP RESTAURANT USER CREATED_AT PREVIOUS, with tabs.
 */
#ifndef FAVFS_LOG_TEXT_H
#define FAVFS_LOG_TEXT_H

#include <sqlite3.h>

#include "backend/backend.h"

/* The longest line, with its newline and a NUL. */
#define LOG_LINE_MAX (20 + 3 * 31 + 7 + 2 * (NAME_BYTES_MAX + 1) + 2)

/* How long the line of a change is, with its newline. */
int64_t log_line_bytes(const struct log_entry *entry);

/* Writes the line; returns its length. */
size_t log_line_format(const struct log_entry *entry, char ret_line[static LOG_LINE_MAX]);

/* changes.c: the change that a statement stands on (the columns of R_CHANGES). */
void log_read_entry(sqlite3_stmt *row, struct log_entry *ret_entry);

#endif
