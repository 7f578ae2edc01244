/*
 * The symbolizer as a filter, to be compared with addr2line: reads lines "FILE ADDRESS"
 * (hexadecimal, looked up as it is), prints what `addr2line -aCfi -e FILE ADDRESS` would. All
 * addresses are resolved at once. Warnings go to stderr.
 *
 * With --data the addresses are those of variables, of thread-local ones in their module's block
 * with --thread-local.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbolize.h"

enum { FILES_MAX = 64, LINE_MAX_BYTES = 4096 };

struct file {
    char *path;
    size_t module;
};

struct line {
    size_t file;
    uint64_t address;
};

struct input {
    struct file files[FILES_MAX];
    size_t file_count;
    struct line *lines;
    size_t count;
    size_t capacity;
};

static void *more(void *items, size_t count, size_t *capacity, size_t bytes)
{
    if (count == *capacity) {
        *capacity = *capacity == 0 ? 1024 : *capacity * 2;
        items = realloc(items, *capacity * bytes);
        if (items == NULL) {
            perror("symbolize_tool");
            exit(EXIT_FAILURE);
        }
    }
    return items;
}

static size_t find_file(struct input *input, struct symbolizer *symbolizer, const char *path)
{
    size_t i = 0;
    while (i < input->file_count && strcmp(input->files[i].path, path) != 0) {
        i++;
    }
    if (i == input->file_count) {
        struct file *file = i < FILES_MAX ? &input->files[i] : NULL;
        if (file == NULL || (file->path = strdup(path)) == NULL ||
            symbolizer_add_module(symbolizer, path, NULL, 0, &file->module) != TRACE_OK) {
            (void)fprintf(stderr, "symbolize_tool: too many files\n");
            exit(EXIT_FAILURE);
        }
        input->file_count++;
    }
    return i;
}

static void read_input(struct input *input, struct symbolizer *symbolizer)
{
    char text[LINE_MAX_BYTES];
    while (fgets(text, sizeof text, stdin) != NULL) {
        char *space = strrchr(text, ' ');
        if (space == NULL) {
            continue;
        }
        *space = '\0';
        size_t i = find_file(input, symbolizer, text);
        uint64_t address = strtoull(space + 1, NULL, 16);
        input->lines = more(input->lines, input->count, &input->capacity, sizeof *input->lines);
        input->lines[input->count++] = (struct line){.file = i, .address = address};
    }
}

/* Fill @request with the addresses of a file. */
static void ask_file(const struct input *input, size_t i, uint64_t *addresses,
                     struct symbol_request *request)
{
    *request = (struct symbol_request){.module = input->files[i].module, .addresses = addresses};
    for (size_t k = 0; k < input->count; k++) {
        if (input->lines[k].file == i) {
            addresses[request->count++] = input->lines[k].address;
        }
    }
}

static void resolve_input(const struct input *input, struct symbolizer *symbolizer)
{
    struct symbol_request requests[FILES_MAX];
    uint64_t *addresses = calloc(input->count + 1, sizeof *addresses);
    size_t used = 0;
    for (size_t i = 0; addresses != NULL && i < input->file_count; i++) {
        ask_file(input, i, addresses + used, &requests[i]);
        used += requests[i].count;
    }
    if (addresses == NULL ||
        symbolizer_resolve(symbolizer, requests, input->file_count, NULL, NULL) != TRACE_OK) {
        (void)fprintf(stderr, "symbolize_tool: no memory\n");
        exit(EXIT_FAILURE);
    }
    free(addresses);
    for (size_t i = 0; i < input->file_count; i++) {
        const char *warning = symbolizer_warning(symbolizer, input->files[i].module);
        if (warning != NULL) {
            (void)fprintf(stderr, "%s: %s\n", input->files[i].path, warning);
        }
    }
}

/* Names of broken files may hold anything; a line is a line. */
static void print_text(const char *text)
{
    for (const char *at = text != NULL ? text : "??"; *at != '\0'; at++) {
        (void)putchar((unsigned char)*at < ' ' ? '?' : *at);
    }
}

static void print_frames(struct symbol_frames frames)
{
    if (frames.count == 0) {
        printf("??\n??:0\n");
    }
    for (size_t i = 0; i < frames.count; i++) {
        const struct symbol_frame *frame = &frames.frames[i];
        print_text(frame->function);
        (void)putchar('\n');
        print_text(frame->file);
        if (frame->line != 0) {
            printf(":%" PRIu32 "\n", frame->line);
        } else {
            printf(":?\n");
        }
    }
}

static void print_variables(struct symbolizer *symbolizer, const struct input *input,
                            enum symbol_storage storage)
{
    for (size_t i = 0; i < input->count; i++) {
        const struct line *line = &input->lines[i];
        struct symbol_variable variable;
        if (symbolizer_variables(symbolizer, input->files[line->file].module, storage,
                                 &line->address, 1, &variable) != TRACE_OK) {
            exit(EXIT_FAILURE);
        }
        const struct symbol_frame frame = {
            .function = variable.name, .file = variable.file, .line = variable.line};
        printf("0x%016" PRIx64 "\n", line->address);
        print_frames((struct symbol_frames){&frame, 1});
    }
}

static void print_answers(const struct symbolizer *symbolizer, const struct input *input)
{
    for (size_t i = 0; i < input->count; i++) {
        const struct line *line = &input->lines[i];
        printf("0x%016" PRIx64 "\n", line->address);
        print_frames(symbolizer_frames(symbolizer, input->files[line->file].module, line->address));
    }
}

/* What is asked for. */
struct question {
    bool is_data;
    enum symbol_storage storage;
};

static struct symbol_options read_options(int argc, char **argv, struct question *ret_question)
{
    struct symbol_options options = {0};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--no-demangle") == 0) {
            options.no_demangle = true;
        } else if (strcmp(argv[i], "--no-inline") == 0) {
            options.no_inline = true;
        } else if (strcmp(argv[i], "--data") == 0) {
            ret_question->is_data = true;
        } else if (strcmp(argv[i], "--thread-local") == 0) {
            ret_question->is_data = true;
            ret_question->storage = SYMBOL_LOCAL_OF_MODULE;
        } else if (strcmp(argv[i], "--offline") == 0) {
            options.is_offline = true;
        } else if (strcmp(argv[i], "--cache") == 0 && i + 1 < argc) {
            options.cache_dir = argv[++i];
        } else if (strcmp(argv[i], "--symbols") == 0 && i + 1 < argc) {
            options.symbols_dir = argv[++i];
        } else {
            (void)fprintf(stderr, "symbolize_tool: no such option: %s\n", argv[i]);
            exit(EXIT_FAILURE);
        }
    }
    return options;
}

int main(int argc, char **argv)
{
    struct question question = {0};
    struct symbol_options options = read_options(argc, argv, &question);
    struct input input = {0};
    struct symbolizer *symbolizer = symbolizer_new(&options);
    if (symbolizer == NULL) {
        return EXIT_FAILURE;
    }
    read_input(&input, symbolizer);
    if (question.is_data) {
        print_variables(symbolizer, &input, question.storage);
    } else {
        resolve_input(&input, symbolizer);
        print_answers(symbolizer, &input);
    }
    for (size_t i = 0; i < input.file_count; i++) {
        free(input.files[i].path);
    }
    free(input.lines);
    symbolizer_free(symbolizer);
    return EXIT_SUCCESS;
}
