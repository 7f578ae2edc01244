/*
 * The only file that knows libunwind's functions. See unwind_libunwind.h.
 *
 * Both services run the same code of libunwind over two kinds of memory. A walk reads the process
 * itself, checking every address that is neither in the known part of the stack nor in a loaded
 * object. A probe runs over an imaginary stack: addresses above 2^60, which exist nowhere, read as
 * made-up values, and which addresses were read tells how the frame's caller is found.
 */
#include "unwind_libunwind.h"

#include <dlfcn.h>
#include <libunwind-x86_64.h>
#include <stddef.h>
#include <string.h>
#include <ucontext.h>

#include "eh_frame_header.h"
#include "libunwind_signals.h"
#include "log.h"
#include "sys.h"

#define LIBRARY "libunwind-x86_64.so.8"

static struct {
    unw_addr_space_t (*create_addr_space)(unw_accessors_t *, int);
    int (*init_remote)(unw_cursor_t *, unw_addr_space_t, void *);
    int (*step)(unw_cursor_t *);
    int (*get_reg)(unw_cursor_t *, int, unw_word_t *);
    int (*search_unwind_table)(unw_addr_space_t, unw_word_t, unw_dyn_info_t *, unw_proc_info_t *,
                               int, void *);
    unw_addr_space_t space;
} unwind;

/* What the accessors work on: the `arg` of each of them. */
struct task {
    const struct registers *registers;
    struct probe *probe;    /* NULL in a walk */
    bool has_few_registers; /* pc, sp and bp only */
    bool has_information;   /* unwind information was found for the pc asked for last */
    uintptr_t object_start; /* the object whose unwind table is being read */
    uintptr_t object_end;
    uintptr_t good_start; /* stack pages that were found readable */
    uintptr_t good_end;
};

#define PAGE_BYTES ((uintptr_t)4096)

static bool is_imaginary(uintptr_t address)
{
    return address >> 60 != 0;
}

static uintptr_t read_imaginary(struct probe *probe, uintptr_t address, bool *ret_is_full)
{
    size_t i = 0;
    while (i < probe->reads_used && probe->reads[i] != address) {
        i++;
    }
    *ret_is_full = i == PROBE_READS_MAX;
    if (*ret_is_full) {
        return 0;
    }
    if (i == probe->reads_used) {
        probe->reads[probe->reads_used++] = address;
    }
    return PROBE_VALUE(i);
}

/* Return: true if a word at @address lies within [@start, @end). Any address, however high. */
static bool is_word_within(uintptr_t address, uintptr_t start, uintptr_t end)
{
    return address >= start && address < end && end - address >= sizeof(unw_word_t);
}

/*
 * Read a word that may not be mapped. Whole pages are remembered as readable. On a stack it may be
 * no variable at all, which in tests AddressSanitizer would not allow.
 */
__attribute__((no_sanitize("address"))) static bool
read_checked(struct task *task, uintptr_t address, unw_word_t *ret_word)
{
    if (!is_word_within(address, task->good_start, task->good_end)) {
        if (!sys_is_readable(address)) {
            return false;
        }
        task->good_start = address & ~(PAGE_BYTES - 1);
        task->good_end = task->good_start + PAGE_BYTES;
    }
    memcpy(ret_word, (const void *)address, sizeof *ret_word);
    return true;
}

static int access_memory(unw_addr_space_t space, unw_word_t address, unw_word_t *word, int write,
                         void *argument)
{
    struct task *task = argument;
    bool is_full = false;
    (void)space;
    if (write) {
        return -UNW_EINVAL;
    }
    if (is_word_within(address, task->object_start, task->object_end)) {
        memcpy(word, (const void *)address, sizeof *word);
        return 0;
    }
    if (task->probe != NULL && is_imaginary(address)) {
        *word = read_imaginary(task->probe, address, &is_full);
        return is_full ? -UNW_EINVAL : 0;
    }
    return read_checked(task, address, word) ? 0 : -UNW_EINVAL;
}

static int access_register(unw_addr_space_t space, unw_regnum_t number, unw_word_t *word, int write,
                           void *argument)
{
    const struct task *task = argument;
    (void)space;
    if (write) {
        return -UNW_EREADONLYREG;
    }
    switch (number) {
    case UNW_X86_64_RIP:
        *word = task->registers->pc;
        return 0;
    case UNW_X86_64_RSP:
        *word = task->registers->sp;
        return 0;
    case UNW_X86_64_RBP:
        *word = task->registers->bp;
        return 0;
    case UNW_X86_64_RBX:
        *word = task->registers->bx;
        return task->has_few_registers ? -UNW_EBADREG : 0;
    case UNW_X86_64_R12:
        *word = task->registers->r12;
        return task->has_few_registers ? -UNW_EBADREG : 0;
    case UNW_X86_64_R13:
        *word = task->registers->r13;
        return task->has_few_registers ? -UNW_EBADREG : 0;
    case UNW_X86_64_R14:
        *word = task->registers->r14;
        return task->has_few_registers ? -UNW_EBADREG : 0;
    case UNW_X86_64_R15:
        *word = task->registers->r15;
        return task->has_few_registers ? -UNW_EBADREG : 0;
    default:
        return -UNW_EBADREG; /* not preserved across calls: no caller can depend on it */
    }
}

// NOLINTBEGIN(readability-non-const-parameter): libunwind gives the types
static int access_float(unw_addr_space_t space, unw_regnum_t number, unw_fpreg_t *value, int write,
                        void *argument)
{
    (void)space;
    (void)number;
    (void)value;
    (void)write;
    (void)argument;
    return -UNW_EBADREG;
}
// NOLINTEND(readability-non-const-parameter)

static int find_unwind_information(unw_addr_space_t space, unw_word_t pc, unw_proc_info_t *ret_info,
                                   int need_details, void *argument)
{
    struct task *task = argument;
    struct dl_find_object object;
    /* without information libunwind looks at the code, which may lie between two segments */
    task->object_start = task->object_end = 0;
    task->has_information = false;
    if (_dl_find_object((void *)pc, &object) != 0) {
        return -UNW_ENOINFO;
    }
    const struct eh_frame_entry *entry = eh_frame_header_find(&object, pc);
    if (entry == NULL) {
        return -UNW_ENOINFO;
    }
    task->object_start = (uintptr_t)object.dlfo_map_start;
    task->object_end = (uintptr_t)object.dlfo_map_end;
    unw_dyn_info_t table = {
        .start_ip = task->object_start,
        .end_ip = task->object_end,
        .format = UNW_INFO_FORMAT_REMOTE_TABLE,
    };
    table.u.rti.segbase = (uintptr_t)object.dlfo_eh_frame;
    /* a table of one entry: libunwind's own search would read every one by an accessor */
    table.u.rti.table_data = (uintptr_t)entry;
    table.u.rti.table_len = sizeof *entry / sizeof(unw_word_t);
    int result = unwind.search_unwind_table(space, pc, &table, ret_info, need_details, argument);
    task->has_information = result == 0;
    if (!task->has_information) {
        task->object_start = task->object_end = 0;
    }
    return result;
}

static bool is_return_from_handler(uint64_t code)
{
    return code == 0x0f0000000fc0c748; /* mov $15, %rax; syscall */
}

static bool read_code(uintptr_t pc, uint64_t *ret_code)
{
    if (!sys_is_readable(pc)) {
        return false;
    }
    memcpy(ret_code, (const void *)pc, sizeof *ret_code);
    return true;
}

bool libunwind_is_handler_return(uintptr_t pc)
{
    uint64_t code = 0;
    return read_code(pc, &code) && is_return_from_handler(code);
}

/* Return: true if libunwind will take the code at @pc for a stub of the procedure linkage table, or
 * for the one that signal handlers return to; or cannot read it, and will look for another pc. */
static bool is_special(uintptr_t pc)
{
    uint64_t code = 0;
    return !read_code(pc, &code) || is_return_from_handler(code) ||
           ((code & 0xffff) == 0x25ff && (code >> 48 & 0xff) == 0x68);
}

bool libunwind_is_outside(uintptr_t pc)
{
    struct dl_find_object object;
    return _dl_find_object((void *)(pc - 1), &object) != 0 && !is_special(pc);
}

static void put_unwind_information(unw_addr_space_t space, unw_proc_info_t *info, void *argument)
{
    (void)space;
    (void)info;
    (void)argument;
}

// NOLINTBEGIN(readability-non-const-parameter): libunwind gives the types
static int find_dynamic_list(unw_addr_space_t space, unw_word_t *ret_address, void *argument)
{
    (void)space;
    (void)ret_address;
    (void)argument;
    return -UNW_ENOINFO;
}

static int refuse_resume(unw_addr_space_t space, unw_cursor_t *cursor, void *argument)
{
    (void)space;
    (void)cursor;
    (void)argument;
    return -UNW_EINVAL;
}

static int refuse_name(unw_addr_space_t space, unw_word_t address, char *buffer, size_t size,
                       unw_word_t *ret_offset, void *argument)
{
    (void)space;
    (void)address;
    (void)buffer;
    (void)size;
    (void)ret_offset;
    (void)argument;
    return -UNW_ENOINFO;
}
// NOLINTEND(readability-non-const-parameter)

static bool find_function(void *library, const char *name, void *ret_function)
{
    void *symbol = dlsym(library, name);
    memcpy(ret_function, &symbol, sizeof symbol);
    return symbol != NULL;
}

/*
 * libunwind's first use opens a pipe, to test addresses with, and keeps it. We test addresses
 * ourselves, and the program would see the two descriptors, perhaps as its standard input: they are
 * closed again. Source: tdep_init_mem_validate() in libunwind's src/x86_64/Ginit.c.
 */
static void use_first_time(void)
{
    struct probe probe;
    struct stat status = {0};
    int lowest[2];
    lowest[0] = sys_open("/", O_PATH | O_CLOEXEC, 0);
    lowest[1] = sys_open("/", O_PATH | O_CLOEXEC, 0);
    (void)sys_close(lowest[0]);
    (void)sys_close(lowest[1]);
    (void)libunwind_probe((uintptr_t)__builtin_return_address(0), &probe);
    for (size_t i = 0; i < 2; i++) {
        if (lowest[i] >= 0 && sys_fstat(lowest[i], &status) == 0 && S_ISFIFO(status.st_mode)) {
            (void)sys_close(lowest[i]);
        }
    }
}

bool libunwind_load(void)
{
    static unw_accessors_t accessors = {
        .find_proc_info = find_unwind_information,
        .put_unwind_info = put_unwind_information,
        .get_dyn_info_list_addr = find_dynamic_list,
        .access_mem = access_memory,
        .access_reg = access_register,
        .access_fpreg = access_float,
        .resume = refuse_resume,
        .get_proc_name = refuse_name,
    };
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        LOG(LIBRARY, " cannot be loaded: install libunwind8; nothing is traced");
        return false;
    }
    bool is_complete =
        find_function(library, "_Ux86_64_create_addr_space", &unwind.create_addr_space) &&
        find_function(library, "_Ux86_64_init_remote", &unwind.init_remote) &&
        find_function(library, "_Ux86_64_step", &unwind.step) &&
        find_function(library, "_Ux86_64_get_reg", &unwind.get_reg) &&
        find_function(library, "_Ux86_64_dwarf_search_unwind_table", &unwind.search_unwind_table);
    if (is_complete) {
        unwind.space = unwind.create_addr_space(&accessors, 0);
    }
    if (unwind.space == NULL) {
        LOG(LIBRARY, " lacks functions that version 1.6 has; nothing is traced");
        return false;
    }
    (void)libunwind_spare_signals(library); /* or it is slower */
    use_first_time();
    return true;
}

static bool read_frame(unw_cursor_t *cursor, struct frame *ret_frame)
{
    return unwind.get_reg(cursor, UNW_X86_64_RIP, &ret_frame->pc) == 0 &&
           unwind.get_reg(cursor, UNW_X86_64_RSP, &ret_frame->sp) == 0 &&
           unwind.get_reg(cursor, UNW_X86_64_RBP, &ret_frame->bp) == 0;
}

bool libunwind_probe(uintptr_t pc, struct probe *ret_probe)
{
    /* pc - 1: a remote cursor starts at an instruction, not at a return address */
    struct registers registers = {.pc = pc - 1, .sp = PROBE_SP, .bp = PROBE_BP};
    struct task task = {.registers = &registers, .probe = ret_probe, .has_few_registers = true};
    unw_cursor_t cursor;
    *ret_probe = (struct probe){0};
    if (unwind.init_remote(&cursor, unwind.space, &task) != 0) {
        return false;
    }
    int result = unwind.step(&cursor);
    if (!task.has_information) { /* whatever has been made of that */
        ret_probe->is_unknown = !is_special(pc);
        return false;
    }
    if (result < 0) {
        return false;
    }
    ret_probe->is_end = result == 0;
    return ret_probe->is_end || read_frame(&cursor, &ret_probe->caller);
}

/*
 * Step from a frame without unwind table by its frame pointer, and set @cursor to the caller.
 * Return: false if that is not possible.
 */
static bool step_by_frame_pointer(unw_cursor_t *cursor, struct task *task,
                                  struct registers *registers, struct frame *frame)
{
    unw_word_t bp = 0;
    unw_word_t pc = 0;
    uintptr_t cfa = frame->bp + 2 * sizeof(uintptr_t);
    if (!libunwind_may_be_framed(frame) || !read_checked(task, frame->bp, &bp) ||
        !read_checked(task, frame->bp + sizeof bp, &pc) || pc == 0) {
        return false;
    }
    *frame = (struct frame){.pc = pc, .sp = cfa, .bp = bp};
    *registers = (struct registers){.pc = pc - 1, .sp = cfa, .bp = bp};
    task->registers = registers;
    task->has_few_registers = true;
    return unwind.init_remote(cursor, unwind.space, task) == 0;
}

static bool has_table(uintptr_t pc, struct task *task)
{
    unw_proc_info_t info;
    return find_unwind_information(unwind.space, pc - 1, &info, 0, task) == 0;
}

/*
 * Is @frame where a signal came in? Then a signal handler returned to @inner, and what follows its
 * frame on the stack is the kernel's note of the registers that it interrupted.
 * Source: struct rt_sigframe in the kernel's arch/x86/include/asm/sigframe.h.
 */
static bool is_interrupted(struct task *task, const struct frame *inner, const struct frame *frame)
{
    const uintptr_t noted = inner->sp + offsetof(ucontext_t, uc_mcontext.gregs);
    unw_word_t sp = 0;
    unw_word_t pc = 0;
    return frame->sp - inner->sp > sizeof(gregset_t) &&
           read_checked(task, noted + REG_RSP * sizeof sp, &sp) && sp == frame->sp &&
           read_checked(task, noted + REG_RIP * sizeof pc, &pc) && pc == frame->pc;
}

size_t libunwind_walk(const struct registers *start, struct frame *frames, size_t max,
                      bool *ret_is_whole)
{
    struct task task = {.registers = start};
    struct registers registers;
    unw_cursor_t cursor;
    struct frame frame = {start->pc, start->sp, start->bp};
    bool is_hit = false; /* a signal came in at frame.pc */
    size_t count = 0;
    *ret_is_whole = false;
    if (unwind.init_remote(&cursor, unwind.space, &task) != 0) {
        return 0;
    }
    while (count < max) {
        const struct frame inner = frame;
        if (count > 0 && !has_table(frames[count - 1].pc, &task) && !is_special(frame.pc)) {
            is_hit = false;
            if (!step_by_frame_pointer(&cursor, &task, &registers, &frame)) {
                *ret_is_whole = !libunwind_may_be_framed(&frame) &&
                                libunwind_is_true_end(&frame, !libunwind_is_outside(frame.pc));
                break;
            }
        } else {
            int result = unwind.step(&cursor);
            if (result <= 0) {
                *ret_is_whole = result == 0;
                break;
            }
            if (!read_frame(&cursor, &frame) || frame.pc == 0) {
                break;
            }
            is_hit = is_interrupted(&task, &inner, &frame);
        }
        frames[count++] = (struct frame){frame.pc + is_hit, frame.sp, frame.bp};
    }
    return count;
}

bool libunwind_leave(const struct registers *start, uintptr_t code_start, uintptr_t code_end,
                     struct registers *ret_caller)
{
    struct task task = {.registers = start};
    struct frame frame = {.pc = start->pc};
    unw_cursor_t cursor;
    if (unwind.init_remote(&cursor, unwind.space, &task) != 0) {
        return false;
    }
    while (frame.pc >= code_start && frame.pc < code_end) {
        if (unwind.step(&cursor) <= 0 || !read_frame(&cursor, &frame)) {
            return false;
        }
    }
    *ret_caller = (struct registers){.pc = frame.pc, .sp = frame.sp, .bp = frame.bp};
    return unwind.get_reg(&cursor, UNW_X86_64_RBX, &ret_caller->bx) == 0 &&
           unwind.get_reg(&cursor, UNW_X86_64_R12, &ret_caller->r12) == 0 &&
           unwind.get_reg(&cursor, UNW_X86_64_R13, &ret_caller->r13) == 0 &&
           unwind.get_reg(&cursor, UNW_X86_64_R14, &ret_caller->r14) == 0 &&
           unwind.get_reg(&cursor, UNW_X86_64_R15, &ret_caller->r15) == 0;
}
