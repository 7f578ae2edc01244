/*
 * Walked by libunwind, as when an event's stack is captured for the first time; memory is the
 * copy's, so it stands as it was. Our own frames are left out: what they have saved is their
 * callers'.
 */
#include "picture_frames.h"

#include <string.h>
#include <sys/user.h>

#include "bootstrap.h"
#include "modules.h"

static struct registers start_of(const struct picture_thread *thread)
{
    struct user_regs_struct general;
    if (thread->start.pc != 0 || thread->register_bytes < sizeof general) {
        return thread->start;
    }
    memcpy(&general, thread->registers, sizeof general);
    return (struct registers){
        .pc = general.rip,
        .sp = general.rsp,
        .bp = general.rbp,
        .bx = general.rbx,
        .r12 = general.r12,
        .r13 = general.r13,
        .r14 = general.r14,
        .r15 = general.r15,
    };
}

void picture_frames_write(struct picture_writer *writer, const struct picture_thread *thread)
{
    static struct frame walked[TRACE_PIC_FRAMES_MAX];
    static struct picture_frame frames[TRACE_PIC_FRAMES_MAX];
    const struct range own = picture_object_of(&bootstrap_owns);
    const struct registers start = start_of(thread);
    bool is_whole = false;
    size_t count = 0;
    if (start.pc == 0) {
        return;
    }
    walked[0] = (struct frame){start.pc + 1, start.sp, start.bp};
    size_t found = 1 + libunwind_walk(&start, walked + 1, TRACE_PIC_FRAMES_MAX - 1, &is_whole);
    for (size_t i = 0; i < found; i++) {
        const struct frame *frame = &walked[i];
        if (count > 0 || frame->pc < own.start || frame->pc >= own.end) {
            frames[count++] = (struct picture_frame){frame->pc, frame->sp, frame->bp,
                                                     modules_known(frame->pc - 1)};
        }
    }
    picture_write_frames(writer, (uint32_t)thread->id, frames, count);
}

void picture_frames_leave(struct picture_thread *thread)
{
    const struct range own = picture_object_of(&bootstrap_owns);
    struct registers caller;
    if (thread->start.pc != 0 && libunwind_leave(&thread->start, own.start, own.end, &caller) &&
        caller.sp >= thread->stack) {
        const uint64_t kept[] = {caller.bx,  caller.bp,  caller.r12,
                                 caller.r13, caller.r14, caller.r15};
        memcpy(thread->registers, kept, sizeof kept);
        thread->register_bytes = sizeof kept;
        thread->caller = caller.sp;
    }
}
