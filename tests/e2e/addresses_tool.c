/*
 * The call sites in a trace: prints "FILE ADDRESS" for each distinct one, hexadecimal, the address
 * as in the ELF file and inside the call instruction. symbolize_tool and addr2line can be fed with
 * it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "reader.h"

int main(int argc, char **argv)
{
    struct reader reader;
    struct trace_error error = {0};
    if (argc != 2 || reader_open(argv[1], &reader, &error) != TRACE_OK) {
        (void)fprintf(stderr, "addresses_tool: %s\n", error.text);
        return EXIT_FAILURE;
    }
    const struct definitions *definitions = &reader.definitions;
    for (size_t i = 0; i < definitions->stack_slots; i++) {
        const struct stack_node *node = &definitions->stacks[i];
        if (!node->is_defined || node->module == 0 || node->module >= definitions->module_count) {
            continue;
        }
        const struct module_definition *module = &definitions->modules[node->module];
        if (module->path != NULL) {
            (void)printf("%s %" PRIx64 "\n", module->path, node->address - module->bias - 1);
        }
    }
    reader_close(&reader);
    return EXIT_SUCCESS;
}
