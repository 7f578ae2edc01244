/* sym_job.c: one module's addresses, from this very program's file to its frames. */
#include "sym_job.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "own_code.h"
#include "unit.h"

static struct arena arena;
static struct sym_names names;
static struct symbol_options options;
static struct sym_module module;
static struct sym_job job;

static void setup(void)
{
    ck_assert(sym_names_init(&names, false));
    options = (struct symbol_options){.is_offline = true};
    module = (struct sym_module){.path = "/proc/self/exe"};
}

static void teardown(void)
{
    sym_job_free(&job);
    sym_answers_fini(&module.answers);
    sym_names_fini(&names);
    arena_fini(&arena);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); // no child is left
    ck_assert_int_eq(errno, ECHILD);
}

static void begin(const uint64_t *addresses, size_t count)
{
    const struct sym_keeping keeping = {&options, &arena, &names};
    ck_assert_int_eq(sym_job_begin(&keeping, &module, addresses, count, &job), TRACE_OK);
}

static void resolve(uint64_t address)
{
    begin(&address, 1);
    ck_assert_int_eq(sym_job_end(&job), TRACE_OK);
}

/* As in the next report: what the cache has is all that is known. */
static void forget_answers(void)
{
    sym_job_free(&job);
    sym_answers_fini(&module.answers);
    module.answers = (struct sym_answers){0};
}

START_TEST(sym_job_asks_about_each_address_once)
{
    uint64_t address = own_outer();
    const uint64_t addresses[] = {address, address + 1, address, 0, address};
    begin(addresses, 5);
    ck_assert_uint_eq(job.count, 3);
    ck_assert(job.has_child);
    ck_assert_int_eq(sym_job_end(&job), TRACE_OK);
    ck_assert(!job.has_child);
    struct symbol_frames frames = sym_answers_find(&module.answers, address);
    ck_assert_uint_eq(frames.count, 2);
    ck_assert_str_eq(frames.frames[0].function, "own_inlined");
    ck_assert_str_eq(frames.frames[1].function, "own_outer");
    ck_assert(sym_answers_has(&module.answers, 0));
    ck_assert_uint_eq(sym_answers_find(&module.answers, 0).count, 0);
    sym_job_free(&job);
    begin(addresses, 5); // all of them are known: no file is opened, no child started
    ck_assert_uint_eq(job.count, 0);
    ck_assert(!job.has_child);
    ck_assert_ptr_null(job.files.module.elf);
    ck_assert_int_eq(sym_job_end(&job), TRACE_OK);
}
END_TEST

START_TEST(sym_job_gives_outermost_functions_if_told)
{
    options.no_inline = true;
    resolve(own_outer());
    struct symbol_frames frames = sym_answers_find(&module.answers, own_outer());
    ck_assert_uint_eq(frames.count, 1);
    ck_assert_str_eq(frames.frames[0].function, "own_outer");
    ck_assert_uint_eq(frames.frames[0].line, OWN_OUTER_LINE);
}
END_TEST

START_TEST(sym_job_is_given_up)
{
    uint64_t address = own_outer();
    begin(&address, 1);
    ck_assert(job.has_child);
    sym_job_free(&job); // teardown() looks for the child
    job = (struct sym_job){0};
    ck_assert(!sym_answers_has(&module.answers, address));
}
END_TEST

START_TEST(sym_job_starts_no_child_for_what_the_cache_knows)
{
    const uint8_t id[] = {0xab, 0xcd};
    uint64_t address = own_outer();
    char directory[] = "/tmp/check_sym_job.XXXXXX";
    char command[sizeof directory + 16];
    ck_assert_ptr_nonnull(mkdtemp(directory));
    options.cache_dir = directory;
    resolve(address);
    forget_answers();
    begin(&address, 1);
    ck_assert(!job.has_child);
    ck_assert_uint_eq(job.asked_count, 0);
    ck_assert_int_eq(sym_job_end(&job), TRACE_OK);
    ck_assert_uint_eq(sym_answers_find(&module.answers, address).count, 2);
    forget_answers();
    module.build_id = (uint8_t *)(uintptr_t)id; // of another build: not the same answers
    module.build_id_bytes = sizeof id;
    begin(&address, 1);
    ck_assert_uint_eq(job.asked_count, 1);
    (void)snprintf(command, sizeof command, "rm -r %s", directory);
    ck_assert_int_eq(system(command), 0); // NOLINT: no user's input
}
END_TEST

START_TEST(sym_job_falls_back_on_names_in_the_trace)
{
    struct saved_symbol symbol = {.address = 0x1000, .bytes = 0x100, .name = "_Z3runi"};
    module.path = "not there";
    module.saved = (struct saved_symbols){.items = &symbol, .count = 1};
    resolve(0x1010);
    struct symbol_frames frames = sym_answers_find(&module.answers, 0x1010);
    ck_assert_uint_eq(frames.count, 1);
    ck_assert_str_eq(frames.frames[0].function, "run(int)");
    ck_assert_uint_eq(frames.frames[0].offset, 0x10);
    ck_assert_ptr_nonnull(module.warning);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("sym_job");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, sym_job_asks_about_each_address_once);
    tcase_add_test(tests, sym_job_gives_outermost_functions_if_told);
    tcase_add_test(tests, sym_job_is_given_up);
    tcase_add_test(tests, sym_job_starts_no_child_for_what_the_cache_knows);
    tcase_add_test(tests, sym_job_falls_back_on_names_in_the_trace);
    return unit_run("sym_job", tests);
}
