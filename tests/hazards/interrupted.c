/*
 * Signal handlers allocate that came in where the byte before belongs to something else: at the
 * first instruction of a function behind a hole in the unwind tables, or behind another function
 * with another frame; and behind an instruction that has changed the frame.
 * Defence: the address noted of what a signal interrupted is a byte further on, so that one byte
 * before it is always what ran (libunwind_walk() in unwind_libunwind.c).
 * Without it: libtrace-verify.so found all 100 stacks through the hole different, and the report
 * named wide() where first() was interrupted.
 */
#include <signal.h>
#include <ucontext.h>

#include "seen.h"

#define ROUNDS 100
#define TRAP_BYTES 2 /* of ud2 */

/* Each raises SIGILL at a byte of its own, and returns. */
void behind_hole(void);
void first(void);
void pushed(void);
__asm__(".text\n"
        "    nop\n" /* in no function */
        "    nop\n"
        ".globl behind_hole, wide, first, pushed\n"
        ".type behind_hole, @function\n"
        "behind_hole:\n"
        ".cfi_startproc\n"
        "    ud2\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size behind_hole, . - behind_hole\n"
        ".type wide, @function\n"
        "wide:\n"
        ".cfi_startproc\n"
        "    sub $72, %rsp\n"
        ".cfi_def_cfa_offset 80\n"
        "    hlt\n"
        ".cfi_endproc\n"
        ".size wide, . - wide\n"
        ".type first, @function\n"
        "first:\n"
        ".cfi_startproc\n"
        "    ud2\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size first, . - first\n"
        ".type pushed, @function\n"
        "pushed:\n"
        ".cfi_startproc\n"
        "    push %rbx\n"
        ".cfi_def_cfa_offset 16\n"
        ".cfi_offset %rbx, -16\n"
        "    ud2\n"
        "    pop %rbx\n"
        ".cfi_def_cfa_offset 8\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size pushed, . - pushed\n");

static void on_trap(int number, siginfo_t *information, void *context)
{
    ucontext_t *interrupted = context;
    (void)number;
    (void)information;
    free(marked());
    interrupted->uc_mcontext.gregs[REG_RIP] += TRAP_BYTES;
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
    need(sigaction(SIGILL, &action, NULL) == 0, "sigaction");
    for (unsigned i = 0; i < ROUNDS; i++) {
        behind_hole();
        first();
        pushed();
    }
    say_marked();
    say("live 0\n");
    return 0;
}
