/* sym_dwarf.c, sym_units.c and sym_scopes.c, one on the other: this program's tree of DWARF. */
#include "sym_dwarf.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "own_code.h"
#include "sym_scopes.h"
#include "sym_units.h"
#include "unit.h"

static struct sym_dwarf *dwarf;
static struct sym_units *units;
static int fd = -1;

static void setup(void)
{
    struct trace_error error = {0};
    fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_msg(sym_dwarf_open(fd, &dwarf, &error) == TRACE_OK, "%s", error.text);
}

static void teardown(void)
{
    sym_units_free(units);
    sym_dwarf_free(dwarf);
    (void)close(fd);
}

/* The unit of this file. */
static struct Dwarf_Die_s *own_unit(void)
{
    units = sym_units_new(dwarf);
    ck_assert_ptr_nonnull(units);
    uint32_t unit = sym_units_find(units, own_outer(), SYM_UNIT_NONE);
    ck_assert_uint_ne(unit, SYM_UNIT_NONE);
    ck_assert_uint_eq(sym_units_find(units, own_outer(), unit), SYM_UNIT_NONE); // no other's
    struct Dwarf_Die_s *die = sym_dwarf_die(dwarf, sym_units_facts(units, unit)->die_offset);
    ck_assert_ptr_nonnull(die);
    return die;
}

START_TEST(sym_dwarf_gives_units)
{
    struct sym_dwarf_unit unit;
    size_t count = 0;
    size_t linked = 0;
    uint64_t last = 0;
    for (; sym_dwarf_next_unit(dwarf, &unit); count++) {
        ck_assert(count == 0 || unit.die_offset > last);
        last = unit.die_offset;
        ck_assert(unit.is_compile_unit); // gcc makes no others of C
        linked += unit.names_are_linked ? 1 : 0;
        struct Dwarf_Die_s *die = sym_dwarf_die(dwarf, unit.die_offset);
        ck_assert_uint_eq(sym_dwarf_offset(dwarf, die), unit.die_offset);
        sym_dwarf_die_free(die);
    }
    ck_assert_uint_ge(linked, 1); // the sanitizers bring units of C++
    ck_assert_ptr_null(sym_dwarf_complaint(dwarf));
}
END_TEST

START_TEST(sym_dwarf_walks_the_tree)
{
    uint64_t address = own_in_file((uint64_t)(uintptr_t)own_outer);
    uint64_t program = 0;
    int found = 0;
    struct Dwarf_Die_s *unit = own_unit();
    ck_assert_ptr_nonnull(sym_dwarf_directory(dwarf, unit));
    ck_assert(sym_dwarf_line_program(dwarf, unit, &program));
    uint64_t low = sym_dwarf_low(dwarf, unit);
    struct Dwarf_Die_s *die = sym_dwarf_child(dwarf, unit);
    for (; die != NULL; die = sym_dwarf_sibling(dwarf, die)) {
        struct sym_ranges ranges = {0};
        if (sym_dwarf_kind(dwarf, die) != SYM_DIE_FUNCTION) {
            continue;
        }
        ck_assert(sym_dwarf_ranges(dwarf, die, low, &ranges));
        if (ranges.count > 0 && ranges.items[0].low == address) {
            struct sym_dwarf_name name =
                sym_dwarf_function_name(dwarf, die, sym_units_names_are_linked, units);
            ck_assert_str_eq(name.text, "own_outer");
            ck_assert(name.is_linker_name);
            ck_assert_uint_gt(ranges.items[0].high, address);
            found++;
        }
        free(ranges.items);
    }
    ck_assert_int_eq(found, 1);
    sym_dwarf_die_free(unit);
}
END_TEST

START_TEST(sym_dwarf_complains_once)
{
    ck_assert_ptr_null(sym_dwarf_complaint(dwarf));
    ck_assert_ptr_null(sym_dwarf_die(dwarf, UINT64_MAX / 2));
    sym_dwarf_complain(dwarf, "first");
    ck_assert_ptr_nonnull(sym_dwarf_complaint(dwarf));
    char *first = strdup(sym_dwarf_complaint(dwarf));
    sym_dwarf_complain(dwarf, "second");
    ck_assert_str_eq(sym_dwarf_complaint(dwarf), first);
    free(first);
}
END_TEST

START_TEST(sym_dwarf_refuses_what_has_none)
{
    struct trace_error error = {0};
    struct sym_dwarf *none = NULL;
    int other = open("/dev/null", O_RDONLY | O_CLOEXEC);
    ck_assert_int_ne(sym_dwarf_open(other, &none, &error), TRACE_OK);
    ck_assert_ptr_null(none);
    ck_assert_int_ne(error.status, TRACE_OK);
    (void)close(other);
    sym_dwarf_free(NULL);
}
END_TEST

START_TEST(sym_units_find_nothing_outside)
{
    units = sym_units_new(dwarf);
    ck_assert_uint_eq(sym_units_find(units, 0, SYM_UNIT_NONE), SYM_UNIT_NONE);
    ck_assert_uint_eq(sym_units_find(units, UINT64_MAX, SYM_UNIT_NONE), SYM_UNIT_NONE);
    sym_units_free(NULL);
}
END_TEST

START_TEST(sym_scopes_nest)
{
    uint64_t work = UINT64_MAX;
    uint64_t start = own_in_file((uint64_t)(uintptr_t)own_outer);
    const uint64_t addresses[] = {0, start, own_outer(), UINT64_MAX};
    struct sym_scopes scopes = {0};
    struct Dwarf_Die_s *unit = own_unit();
    ck_assert(
        sym_scopes_read(dwarf, unit, sym_dwarf_low(dwarf, unit), addresses, 4, &work, &scopes));
    ck_assert_uint_lt(work, UINT64_MAX);
    ck_assert_uint_eq(scopes.innermost[0], SYM_SCOPE_NONE);
    ck_assert_uint_eq(scopes.innermost[3], SYM_SCOPE_NONE);
    uint32_t inner = scopes.innermost[2];
    ck_assert_uint_lt(inner, scopes.count);
    ck_assert(scopes.items[inner].is_inlined);
    ck_assert_uint_eq(scopes.items[inner].call.line, OWN_OUTER_LINE);
    uint32_t outer = scopes.items[inner].parent;
    ck_assert_uint_eq(scopes.innermost[1], outer);
    ck_assert(!scopes.items[outer].is_inlined);
    ck_assert_uint_eq(scopes.items[outer].low, start);
    ck_assert_uint_eq(scopes.items[outer].parent, SYM_SCOPE_NONE);
    sym_scopes_fini(&scopes);
    sym_dwarf_die_free(unit);
}
END_TEST

START_TEST(sym_scopes_read_no_more_than_allowed)
{
    const uint64_t address = own_outer();
    struct sym_scopes scopes = {0};
    struct Dwarf_Die_s *unit = own_unit();
    for (uint64_t allowed = 0; allowed < 50; allowed++) {
        uint64_t work = allowed;
        ck_assert(
            sym_scopes_read(dwarf, unit, sym_dwarf_low(dwarf, unit), &address, 1, &work, &scopes));
        ck_assert_uint_le(work, allowed); // and does not wrap
        ck_assert(allowed > 0 || scopes.innermost[0] == SYM_SCOPE_NONE);
        sym_scopes_fini(&scopes);
        scopes = (struct sym_scopes){0};
    }
    sym_dwarf_die_free(unit);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("sym_dwarf");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, sym_dwarf_gives_units);
    tcase_add_test(tests, sym_dwarf_walks_the_tree);
    tcase_add_test(tests, sym_dwarf_complains_once);
    tcase_add_test(tests, sym_dwarf_refuses_what_has_none);
    tcase_add_test(tests, sym_units_find_nothing_outside);
    tcase_add_test(tests, sym_scopes_nest);
    tcase_add_test(tests, sym_scopes_read_no_more_than_allowed);
    return unit_run("sym_dwarf", tests);
}
