/* What the options of one command line mean together. */
#ifndef ANALYZER_OPTIONS_CHECK_H
#define ANALYZER_OPTIONS_CHECK_H

#include "options.h"

/*
 * @options: all of them have been read; completed by what follows from them.
 * Return: false if they contradict each other; @options->error then says how.
 */
bool options_check(struct options *options);

#endif
