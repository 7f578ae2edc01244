/*
 * Any bytes as a debug file: its units, trees, line tables, ranges, split units and what dwz moved
 * out, by the way that the report's child goes. A file that needs another one is its own.
 */
#include <string.h>

#include "apart.h"
#include "fuzz.h"
#include "sym_debug.h"
#include "sym_declared.h"

/* Where the code and the data of the small files of the corpus are. */
enum { STEP = 4, CODE = 0x280, DATA = 0x1480, STRETCH = 0x100, PLACES = 3 * STRETCH / STEP };

static bool take(void *context, uint64_t address, const struct sym_debug_frame *frames,
                 size_t count)
{
    (void)context;
    (void)address;
    fuzz_require(count > 0);
    for (size_t i = 0; i < count; i++) { // a sanitizer looks at the strings
        fuzz_require(frames[i].function == NULL || strlen(frames[i].function) < SIZE_MAX);
        fuzz_require(frames[i].file == NULL || strlen(frames[i].file) < SIZE_MAX);
    }
    return true;
}

static void read_file(void *context)
{
    const struct sym_debug_files *files = context;
    static const uint64_t starts[] = {0, CODE, DATA};
    uint64_t places[PLACES];
    struct sym_debug *debug = NULL;
    for (size_t i = 0; i < PLACES; i++) {
        places[i] = starts[i / (STRETCH / STEP)] + i % (STRETCH / STEP) * STEP;
    }
    if (sym_debug_open(files, &debug, NULL) == TRACE_OK) {
        fuzz_require(sym_debug_resolve(debug, places, PLACES, take, NULL, NULL) != TRACE_NOMEM);
        sym_debug_free(debug);
    }
    for (int is_local = 0; is_local < 2; is_local++) {
        fuzz_require(sym_declared_find(files, is_local != 0, places, PLACES, take, NULL, NULL) !=
                     TRACE_NOMEM);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct elf_file file;
    struct elf_file *whole = &file;
    const uint8_t *bytes = NULL;
    const char *name = NULL;
    size_t length = 0;
    if (elf_file_open(fuzz_file(data, size), &file, NULL) != TRACE_OK) {
        return 0;
    }
    struct sym_debug_files files = {
        .file = whole,
        .alternate = elf_file_alternate_link(&file, &name, &bytes, &length) ? whole : NULL,
        .package = whole};
    if (file.has_debug_info) {
        fuzz_apart(read_file, &files);
    }
    elf_file_close(&file);
    return 0;
}
