/*
 * Two thousand blocks that are there from the start to the end, and three places that grow; what
 * grows is told by its lines. The start takes a hundredth of the whole, so that however the machine
 * shares its time, most of it is not the start.
 */
#include <stdio.h>
#include <stdlib.h>

enum {
    KEPT = 2000,
    ROUNDS = 300000,
    CACHED = 256,
    NOT_OFTEN = 100,
};

#define ORACLE_FD 3

static void *volatile kept[KEPT];
static void *volatile cache[CACHED];

struct node {
    struct node *next;
    char text[40];
};

int main(void)
{
    struct node *nodes = NULL;
    char **names = NULL;
    size_t name_count = 0;
    for (size_t i = 0; i < KEPT; i++) {
        kept[i] = malloc(i + 1);
    }
    int lines[3] = {0};
    for (size_t i = 0; i < ROUNDS; i++) {
        struct node *node = malloc(sizeof *node);
        lines[0] = __LINE__ - 1;
        node->next = nodes;
        nodes = node;
        if (i % NOT_OFTEN == 0) {
            names = realloc(names, (name_count + 1) * sizeof *names);
            lines[1] = __LINE__ - 1;
            names[name_count++] = malloc(8);
            lines[2] = __LINE__ - 1;
        }
        free(cache[i % CACHED]);
        cache[i % CACHED] = malloc(1000);
        free(malloc(i % 300));
    }
    dprintf(ORACLE_FD, "node=%d names=%d name=%d\n", lines[0], lines[1], lines[2]);
    return name_count > 0 && nodes != NULL ? 0 : 1;
}
