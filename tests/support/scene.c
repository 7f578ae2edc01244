/* The scene's files lie in a directory of their own, which is also the working directory. */
#include "scene.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "pipeline.h"

enum { ARGUMENTS_MAX = 64 };

static const char table[] =
    "0x100 /scene/src/main.c 10 main\n"
    "0x200 src/work.c 20 work\n"
    "0x300 /usr/include/c++/12/bits/new_allocator.h 137 std::__new_allocator<int>::allocate\n"
    "0x400 src/util.c 5 xstrdup\n"
    "0x600 src/inner.c 7 inner\n"
    "0x600 src/work.c 22 work\n"
    "0x700 - 0 exported\n";

void scene_enter(void)
{
    char directory[] = "/tmp/scene.XXXXXX";
    if (mkdtemp(directory) == NULL || chdir(directory) != 0) {
        abort();
    }
    builder_write_file("app", table, sizeof table - 1);
}

void scene_leave(void)
{
    char directory[64];
    if (getcwd(directory, sizeof directory) == NULL ||
        strncmp(directory, "/tmp/scene.", sizeof "/tmp/scene." - 1) != 0) {
        abort();
    }
    DIR *stream = opendir(".");
    if (stream == NULL) {
        abort();
    }
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        (void)unlink(entry->d_name);
    }
    (void)closedir(stream);
    if (chdir("/") != 0 || rmdir(directory) != 0) {
        abort();
    }
}

static void add_stack(struct trace_builder *builder, enum scene_stack stack, uint32_t parent,
                      uint64_t address)
{
    // A return address is one behind the call that the symbolizer is asked about.
    builder_stack(builder, stack, parent, 1, SCENE_BIAS + address + 1);
}

struct trace_builder *scene_new(void)
{
    struct trace_builder *builder = builder_new();
    builder_process(builder, "/bin/app", "/scene");
    builder_module(builder, 1, SCENE_BIAS, "app");
    builder_thread(builder, 0, 4711, "app");
    add_stack(builder, SCENE_MAIN, TRACE_STACK_WHOLE, 0x100);
    add_stack(builder, SCENE_WORK, SCENE_MAIN, 0x200);
    add_stack(builder, SCENE_VECTOR, SCENE_WORK, 0x300);
    add_stack(builder, SCENE_DUPLICATE, SCENE_MAIN, 0x400);
    add_stack(builder, SCENE_NAMELESS, TRACE_STACK_CUT, 0x500);
    add_stack(builder, SCENE_INLINED, SCENE_MAIN, 0x600);
    add_stack(builder, SCENE_SYMBOL, SCENE_MAIN, 0x700);
    add_stack(builder, SCENE_RECURSED, SCENE_WORK, 0x200);
    return builder;
}

void scene_write(const char *path)
{
    static const struct {
        uint32_t stack;
        uint32_t size;
        int blocks;
    } sites[] = {
        {SCENE_VECTOR, 100, 4},   {SCENE_DUPLICATE, 50, 2}, {SCENE_NAMELESS, 10, 1},
        {SCENE_INLINED, 1000, 3}, {SCENE_SYMBOL, 7, 1},
    };
    struct trace_builder *builder = scene_new();
    for (uint32_t i = 0; i < sizeof sites / sizeof sites[0]; i++) {
        builder_site(builder, 0, i + 1, sites[i].stack, sites[i].size);
        builder_time(builder, 0, 1000 + i * 250, i);
        for (int b = 0; b < sites[i].blocks; b++) {
            builder_allocate(builder, 0, i + 1);
        }
        if (i == 1) {
            builder_time(builder, 0, 1500, 2);
            builder_snapshot(builder, 0, "warm");
        }
    }
    builder_release(builder, 0, 4, 0);
    builder_release(builder, 0, 4, 5);
    builder_write(builder, path);
    builder_free(builder);
}

/* Render what the options ask for. Return: the exit code. */
static int make_report(const struct options *options, FILE *out)
{
    struct trace_error error = {0};
    struct pipeline *pipeline = NULL;
    if (pipeline_new(options, &pipeline, &error) != TRACE_OK) {
        abort();
    }
    struct report report = pipeline_report(pipeline);
    struct render_options render = {0};
    enum trace_status status = TRACE_OK;
    for (size_t i = 0; i < options->file_count && status == TRACE_OK; i++) {
        status = pipeline_add(pipeline, options->files[i], &report, &error);
    }
    if (status == TRACE_OK) {
        status = pipeline_finish(pipeline, &report, &error);
    }
    if (status == TRACE_OK) {
        status = options->render(out, &report, 1, &render, &error);
    }
    if (status != TRACE_OK) {
        (void)fputs(error.text, out);
    }
    report_fini(&report);
    pipeline_free(pipeline);
    return status == TRACE_OK ? EXIT_REPORTED : EXIT_BAD_INPUT;
}

char *scene_report(const char *arguments, int *ret_code)
{
    char *copy = strdup(arguments);
    char *words[ARGUMENTS_MAX] = {"trace-report"};
    int count = 1;
    char *rest = copy;
    for (char *word; (word = strsep(&rest, " ")) != NULL && count < ARGUMENTS_MAX - 1;) {
        words[count++] = word;
    }
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    struct options options;
    int code = EXIT_USAGE;
    if (options_parse(count, words, true, &options)) {
        code = make_report(&options, out);
    } else {
        (void)fputs(options.error, out);
    }
    options_fini(&options);
    (void)fclose(out);
    free(copy);
    if (ret_code != NULL) {
        *ret_code = code;
    }
    return text;
}
