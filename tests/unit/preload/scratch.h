/* A directory for each test, which is the working directory meanwhile. */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

extern char scratch_directory[];

/* Make the directory and change to it; remove it with all that is in it. Fixtures of each test. */
void scratch_enter(void);
void scratch_leave(void);

#endif
