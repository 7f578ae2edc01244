/*
 * libunwind, loaded privately: with dlopen(RTLD_LOCAL), because the distribution's library exports
 * _Unwind_* and would take over the C++ exceptions of programs that load it in the normal way.
 *
 * Only its remote half is used (an address space of our own), with unwind tables found through
 * _dl_find_object(), which takes no lock: nothing here waits for the loader.
 *
 * Context: after libunwind_load(), any thread, with signals blocked, and not concurrently:
 * libunwind has locks of its own inside. Nothing here allocates.
 */
#ifndef PRELOAD_UNWIND_LIBUNWIND_H
#define PRELOAD_UNWIND_LIBUNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What identifies a frame: registers right after the call that it made returns. */
struct frame {
    uintptr_t pc; /* return address: the instruction after the call, so that pc - 1 is the call.
                     Where a signal interrupted a function, the next byte, so that pc - 1 is what
                     would have run: no call, perhaps the function's first byte. */
    uintptr_t sp;
    uintptr_t bp;
};

/* Where a hook that keeps a frame pointer, as all do (CALLER() in tracer.h), has saved the bp of
 * its caller with this sp: below the return address. */
#define FRAME_BP_SLOT(caller_sp) ((caller_sp)-2 * sizeof(uintptr_t))

/* All registers that a frame may need to find its caller's. */
struct registers {
    uintptr_t pc;
    uintptr_t sp;
    uintptr_t bp;
    uintptr_t bx;
    uintptr_t r12;
    uintptr_t r13;
    uintptr_t r14;
    uintptr_t r15;
};

/* Fill @registers with what they are in the function that this is expanded in. */
static inline __attribute__((always_inline)) void registers_here(struct registers *registers)
{
    __asm__ volatile("lea 0(%%rip), %%rax\n\t"
                     "mov %%rax, 0(%0)\n\t"
                     "mov %%rsp, 8(%0)\n\t"
                     "mov %%rbp, 16(%0)\n\t"
                     "mov %%rbx, 24(%0)\n\t"
                     "mov %%r12, 32(%0)\n\t"
                     "mov %%r13, 40(%0)\n\t"
                     "mov %%r14, 48(%0)\n\t"
                     "mov %%r15, 56(%0)"
                     :
                     : "r"(registers)
                     : "rax", "memory");
}

/* Load the library. Return: false if it is not there, with a line in the log. May allocate. */
bool libunwind_load(void);

#define PROBE_SP ((uintptr_t)1 << 60)
#define PROBE_BP ((uintptr_t)2 << 60)
#define PROBE_READS_MAX 8

/*
 * One step from an imaginary frame whose sp is PROBE_SP and bp PROBE_BP, and what was read on the
 * way. A read of reads[i] gave PROBE_VALUE(i).
 */
struct probe {
    bool is_end;     /* the frame is the outermost */
    bool is_unknown; /* there is no unwind table for it: libunwind_may_be_framed() */
    struct frame caller;
    uintptr_t reads[PROBE_READS_MAX];
    size_t reads_used;
};
#define PROBE_VALUE(i) (((uintptr_t)4 << 60) + ((uintptr_t)(i) << 40))

/*
 * Where code has no unwind table, bp is taken for a frame pointer if it points into the next so
 * many bytes of the stack; else the frame is the outermost. That is what libunwind does, but for
 * the caller's sp, which it leaves wrong. Source: unw_step() in its src/x86_64/Gstep.c.
 */
#define LIBUNWIND_GUESS_BYTES 0x4000

static inline bool libunwind_may_be_framed(const struct frame *frame)
{
    return frame->bp >= frame->sp && frame->bp - frame->sp <= LIBUNWIND_GUESS_BYTES;
}

/* Does a stack that ends in @frame, without unwind table, end there in truth? It does where bp is 0
 * (System V ABI, x86-64, 3.4.1), and at a loaded object's own code for it, as makecontext()'s. */
static inline bool libunwind_is_true_end(const struct frame *frame, bool is_in_object)
{
    return frame->bp == 0 || is_in_object;
}

/*
 * Return: true if the code at @pc is what signal handlers return to. (libunwind's test, too.)
 * Context: any thread, async-signal-safe.
 */
bool libunwind_is_handler_return(uintptr_t pc);

/*
 * Return: true if @pc, a return address, is in no loaded object: in code made at run time.
 * Context: any thread, async-signal-safe, takes no lock.
 */
bool libunwind_is_outside(uintptr_t pc);

/*
 * @pc: a return address.
 * Return: false if libunwind has no unwind information for @pc, or looks at other registers.
 */
bool libunwind_probe(uintptr_t pc, struct probe *ret_probe);

/*
 * Walk the real stack from @start to its end.
 * @frames: receives @start's caller first, at most @max.
 * @ret_is_whole: false if libunwind could not go on before the end.
 * Return: number of frames, also when more than @max would have followed.
 */
size_t libunwind_walk(const struct registers *start, struct frame *frames, size_t max,
                      bool *ret_is_whole);

/*
 * Walk out of the functions between two addresses.
 * @start: in one of them.
 * @ret_caller: the registers of the first function that is not, with those that calls preserve.
 * Return: false if the stack could not be walked so far.
 */
bool libunwind_leave(const struct registers *start, uintptr_t code_start, uintptr_t code_end,
                     struct registers *ret_caller);

#endif
