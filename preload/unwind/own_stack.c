/* The switch of stacks. See own_stack.h. */
#include "own_stack.h"

#include <pthread.h>
#include <stdint.h>

#include "sys.h"

/* rbp holds the old stack pointer, and is what the frame's CFA is told by, so that debuggers and
 * profilers can walk across. */
__asm__(
    ".pushsection .text\n"
    ".type own_stack_switch, @function\n"
    ".globl own_stack_switch\n" /* not local: link-time optimisation may part it from its caller */
    ".hidden own_stack_switch\n"
    "own_stack_switch:\n"
    ".cfi_startproc\n"
    "    push %rbp\n"
    ".cfi_def_cfa_offset 16\n"
    ".cfi_offset %rbp, -16\n"
    "    mov %rsp, %rbp\n"
    ".cfi_def_cfa_register %rbp\n"
    "    mov %rdx, %rsp\n"
    "    mov %rdi, %rax\n"
    "    mov %rsi, %rdi\n"
    "    call *%rax\n"
    "    mov %rbp, %rsp\n"
    "    pop %rbp\n"
    ".cfi_def_cfa %rsp, 8\n"
    "    ret\n"
    ".cfi_endproc\n"
    ".size own_stack_switch, . - own_stack_switch\n"
    ".popsection\n");
void own_stack_switch(void (*function)(void *), void *argument, void *top);

static __thread bool is_used __attribute__((tls_model("initial-exec")));

bool own_stack_is_used(void)
{
    return is_used;
}

void own_stack_call(void (*function)(void *), void *argument, void *top)
{
    uint64_t all = UINT64_MAX;
    uint64_t before = 0;
    int cancel_type = PTHREAD_CANCEL_DEFERRED;
    /* libunwind, where it cannot be kept from it, blocks and unblocks signals through libc, which
     * lets the signal of pthread_cancel() through: a thread that can be cancelled at any moment
     * would end here, with our lock */
    (void)pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &cancel_type);
    (void)sys_sigprocmask(SIG_SETMASK, &all, &before);
    const bool was_used = is_used;
    is_used = true;
    own_stack_switch(function, argument, top);
    is_used = was_used;
    (void)sys_sigprocmask(SIG_SETMASK, &before, NULL);
    (void)pthread_setcanceltype(cancel_type, &cancel_type);
}
