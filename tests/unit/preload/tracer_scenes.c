/*
 * Scenes for check_tracer.c and check_start.c: what a traced program does, with blocks that are not
 * there. The tracer is linked in, without hooks; it is told about addresses that nobody allocated.
 *
 * Usage: tracer_scenes SCENE. What the test must know goes to stdout. Exit: 0, or 99 with a line on
 * stderr when the tracer did not answer as tracer.h says.
 */
#include <stdio.h>
#include <string.h>

#include "scene.h"

int main(int argc, char **argv)
{
    static const struct scene *const lists[] = {scenes_of_one_thread, scenes_of_handlers,
                                                scenes_of_threads, scenes_of_ends};
    for (size_t i = 0; argc > 1 && i < sizeof lists / sizeof lists[0]; i++) {
        for (const struct scene *scene = lists[i]; scene->name != NULL; scene++) {
            if (strcmp(argv[1], scene->name) == 0) {
                scene->run();
                return 0;
            }
        }
    }
    (void)fprintf(stderr, "usage: tracer_scenes SCENE\n");
    return 2;
}
