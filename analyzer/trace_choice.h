/* Which trace is meant when none is named. */
#ifndef ANALYZER_TRACE_CHOICE_H
#define ANALYZER_TRACE_CHOICE_H

/*
 * Find the newest regular file *.trace in a directory.
 * Return: its name, to be freed; NULL if there is none or no memory.
 */
char *trace_choice_newest(const char *directory);

#endif
