/*
 * The data of the story of views: a table of text for each user, made anew like the list of lists
 * in the original. Times are milliseconds of the clock, out of order.
 */
#ifndef USERS_H
#define USERS_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "story.h"

#define USERS 5
#define ROWS 10000
#define COLUMNS 6
#define TIME_COLUMN 2
#define TIME_BYTES 14 /* 13 digits until the year 2286 */
#define STEP 7919     /* prime: i * STEP % rows visits every row */

struct users_rows {
    const char **cells; /* rows * COLUMNS of them */
    char (*times)[TIME_BYTES];
    char user[16];
};

static inline void users_free(struct users_rows *data)
{
    if (data != NULL) {
        free(data->cells);
        free(data->times);
        free(data);
    }
}

/* The @rows of user @number, to be freed with users_free. */
static inline struct users_rows *users_new(int number, int64_t rows)
{
    struct users_rows *data = calloc(1, sizeof *data);
    if (data != NULL) {
        data->cells = calloc((size_t)rows * COLUMNS, sizeof *data->cells);
        data->times = calloc((size_t)rows, sizeof *data->times);
    }
    if (data == NULL || data->cells == NULL || data->times == NULL) {
        users_free(data);
        (void)fprintf(stderr, "out of memory\n");
        exit(1);
    }
    (void)snprintf(data->user, sizeof data->user, "user%d", number);
    long long now = (long long)time(NULL) * 1000;
    for (int64_t i = 0; i < rows; i++) {
        (void)snprintf(data->times[i], TIME_BYTES, "%lld", now + i * STEP % rows);
        const char *row[COLUMNS] = {data->user, "operation", data->times[i],
                                    "data1",    "data2",     "data3"};
        for (int column = 0; column < COLUMNS; column++) {
            data->cells[i * COLUMNS + column] = row[column];
        }
    }
    return data;
}

/* After user @number: the snapshot "Handle user0" and so on. */
static inline void users_snapshot(int number)
{
    char name[32];
    (void)snprintf(name, sizeof name, "Handle user%d", number);
    story_snapshot(name);
}

#endif
