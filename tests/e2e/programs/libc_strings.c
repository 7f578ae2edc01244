/*
 * What libc allocates for its caller. Only what is live in the end is known here for certain: how
 * often libc resizes a buffer on the way is its own affair, so valgrind is the only judge of that.
 */
#include "oracle.h"

#define ROUNDS 200

static char read_buffer[1 << 16];

/* A file of lines of growing length, in a pipe: nothing of it touches the disk. */
static FILE *lines(void)
{
    int ends[2];
    char line[ROUNDS + 2];
    memset(line, 'x', sizeof(line));
    if (pipe(ends) != 0) {
        oracle_give_up("no pipe to be had");
    }
    for (size_t length = 0; length < ROUNDS; length++) {
        line[length] = '\n';
        if (write(ends[1], line, length + 1) != (ssize_t)length + 1) {
            oracle_give_up("the pipe is full");
        }
        line[length] = 'x';
    }
    close(ends[1]);
    FILE *file = fdopen(ends[0], "r");
    setvbuf(file, read_buffer, _IOFBF, sizeof(read_buffer));
    return file;
}

int main(void)
{
    char *line = NULL;
    size_t line_bytes = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        char *formatted = NULL;
        int length = asprintf(&formatted, "%u%*s", i, (int)(i * 3), "");
        oracle_born(formatted, (size_t)length + 1);
        char *copy = strdup(formatted);
        oracle_born(copy, (size_t)length + 1);
        oracle_born(strndup(copy, 2), strlen(copy) < 2 ? 2 : 3);
        if (i % 2) {
            oracle_free(formatted);
        }
        if (i % 3) {
            oracle_free(copy);
        }
    }
    FILE *file = lines();
    while (getline(&line, &line_bytes, file) > 0) {
    }
    fclose(file);
    oracle_born(line, line_bytes);
    oracle_print();
    return 0;
}
