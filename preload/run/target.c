/*
 * A name comes in, the file behind it and a verdict go out: the same search and the same checks, in
 * the same order, as execvp() and the kernel make them, but each with its own message. The checks
 * only look; the program may still change before it is run, and exec's own error is then reported.
 */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "elf_target.h"

#define FIRST_BYTES 256      /* of a file: what the kernel looks at (BINPRM_BUF_SIZE) */
#define SCRIPT_NESTING_MAX 5 /* interpreters that are scripts themselves, as the kernel allows */

bool refuse(struct refusal *ret_refusal, int status, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    ret_refusal->status = status;
    vsnprintf(ret_refusal->text, sizeof(ret_refusal->text), format, values);
    va_end(values);
    return false;
}

static bool is_runnable_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
           faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

/* The first runnable file of that name in PATH, else the first file at all, as execvp() has it. */
static bool find_in_path(const char *program, char *ret_path)
{
    char standard[PATH_MAX] = "/bin:/usr/bin";
    bool is_found = false;
    const char *list = getenv("PATH");
    if (list == NULL) {
        confstr(_CS_PATH, standard, sizeof(standard));
        list = standard;
    }
    for (;;) {
        char candidate[PATH_MAX];
        size_t length = strcspn(list, ":");
        int written = snprintf(candidate, sizeof(candidate), "%.*s%s%s", (int)length, list,
                               length > 0 ? "/" : "./", program);
        if (written > 0 && (size_t)written < sizeof(candidate)) {
            struct stat status;
            bool is_runnable = is_runnable_file(candidate);
            if (is_runnable ||
                (!is_found && stat(candidate, &status) == 0 && S_ISREG(status.st_mode))) {
                memcpy(ret_path, candidate, (size_t)written + 1);
                is_found = true;
            }
            if (is_runnable) {
                return true;
            }
        }
        if (list[length] == '\0') {
            return is_found;
        }
        list += length + 1;
    }
}

bool target_find(const char *program, char *ret_path, struct refusal *ret_refusal)
{
    struct stat status;
    if (strlen(program) >= PATH_MAX - 2) {
        return refuse(ret_refusal, RUN_NOT_FOUND, "the program's name is too long: shorten it");
    }
    if (strchr(program, '/') == NULL && program[0] != '\0') {
        if (find_in_path(program, ret_path)) {
            return true;
        }
        if (is_runnable_file(program)) {
            return refuse(ret_refusal, RUN_NOT_FOUND,
                          "%s: no such program in PATH, but in this directory: say ./%s", program,
                          program);
        }
        return refuse(ret_refusal, RUN_NOT_FOUND,
                      "%s: no such program in PATH: check the spelling, or give its path", program);
    }
    if (program[0] == '\0' || stat(program, &status) != 0) {
        int reason = program[0] == '\0' ? ENOENT : errno;
        bool is_missing = reason == ENOENT || reason == ENOTDIR;
        return refuse(ret_refusal, is_missing ? RUN_NOT_FOUND : RUN_CANNOT_RUN,
                      "%s: %s: check the path", program[0] == '\0' ? "''" : program,
                      is_missing ? "no such program" : strerror(reason));
    }
    memcpy(ret_path, program, strlen(program) + 1);
    return true;
}

/*
 * The loader ignores LD_PRELOAD when the kernel says AT_SECURE: when running the file changes the
 * user or group id, or gains capabilities. Running one's own set-user-ID program changes nothing,
 * nor do such bits where they are switched off (nosuid, no_new_privs). Root keeps its powers
 * whatever the file's capabilities say.
 * Source: Linux, security/commoncap.c, cap_bprm_creds_from_file(); ld.so(8), secure-execution mode
 */
static bool check_privileges(const char *path, const struct stat *status,
                             struct refusal *ret_refusal)
{
    static const char remedy[] = "so the loader would ignore libtrace.so: trace an unprivileged "
                                 "copy of it";
    struct statvfs mount;
    if (statvfs(path, &mount) == 0 && (mount.f_flag & ST_NOSUID) != 0) {
        return true;
    }
    bool bits_count = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
    if (bits_count && (status->st_mode & S_ISUID) != 0 && status->st_uid != getuid()) {
        if (status->st_uid == 0) {
            return refuse(ret_refusal, RUN_CANNOT_RUN,
                          "%s is set-user-ID root, %s, or run trace-run as root", path, remedy);
        }
        return refuse(ret_refusal, RUN_CANNOT_RUN,
                      "%s is set-user-ID, %s, or run trace-run as user %u (as in: sudo -u '#%u')",
                      path, remedy, status->st_uid, status->st_uid);
    }
    bool is_set_group = (status->st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
    if (bits_count && is_set_group && status->st_gid != getgid()) {
        return refuse(ret_refusal, RUN_CANNOT_RUN,
                      "%s is set-group-ID, %s, or run trace-run as group %u (as in: sudo -g '#%u')",
                      path, remedy, status->st_gid, status->st_gid);
    }
    if (getuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0) {
        return refuse(ret_refusal, RUN_CANNOT_RUN,
                      "%s has file capabilities, %s, or run trace-run as root", path, remedy);
    }
    return true;
}

/* The interpreter in a first line, "#! /bin/sh -e". Return: false when there is none. */
static bool read_interpreter(const char *first, char *ret_interpreter)
{
    const char *start = first + 2 + strspn(first + 2, " \t");
    size_t length = strcspn(start, " \t\n");
    memcpy(ret_interpreter, start, length);
    ret_interpreter[length] = '\0';
    return length > 0;
}

static bool check_interpreter(const char *script, const char *interpreter,
                              struct refusal *ret_refusal)
{
    struct stat status;
    if (strchr(interpreter, '\r') != NULL) {
        return refuse(
            ret_refusal, RUN_CANNOT_RUN,
            "%s: its first line ends in a carriage return: convert it (sed -i 's/\\r$//')", script);
    }
    if (stat(interpreter, &status) != 0) {
        return refuse(ret_refusal, RUN_CANNOT_RUN,
                      "%s: its interpreter %s is missing: install it, or correct the script's "
                      "first line",
                      script, interpreter);
    }
    return true;
}

/* Whether @path is a file that may be executed. @ret_status: as stat() has it. */
static bool check_file(const char *path, struct stat *ret_status, struct refusal *ret_refusal)
{
    if (stat(path, ret_status) != 0) {
        return refuse(ret_refusal, RUN_NOT_FOUND, "%s: %s: check the path", path, strerror(errno));
    }
    if (S_ISDIR(ret_status->st_mode)) {
        return refuse(ret_refusal, RUN_CANNOT_RUN,
                      "%s is a directory: name a program that lies in it", path);
    }
    if (!S_ISREG(ret_status->st_mode)) {
        return refuse(ret_refusal, RUN_CANNOT_RUN, "%s is a device, pipe or socket: name a program",
                      path);
    }
    if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0) {
        if (errno != EACCES || (ret_status->st_mode & 0111) != 0) {
            return refuse(ret_refusal, RUN_CANNOT_RUN,
                          "%s may not be executed: %s: check its owner and how it is mounted", path,
                          strerror(errno));
        }
        return refuse(ret_refusal, RUN_CANNOT_RUN, "%s is not executable: chmod +x %s", path, path);
    }
    return true;
}

bool target_check(const char *path, struct refusal *ret_refusal)
{
    char current[PATH_MAX];
    snprintf(current, sizeof(current), "%s", path);
    for (int nesting = 0; nesting <= SCRIPT_NESTING_MAX; nesting++) {
        char first[FIRST_BYTES + 1] = "";
        char interpreter[FIRST_BYTES + 1];
        struct stat status;
        if (!check_file(current, &status, ret_refusal)) {
            return false;
        }
        int file = open(current, O_RDONLY | O_CLOEXEC);
        if (file < 0) {
            /* Executable but not readable: the kernel can look inside, we cannot. */
            return check_privileges(current, &status, ret_refusal);
        }
        ssize_t got = pread(file, first, FIRST_BYTES, 0);
        if (got >= 4 && memcmp(first, "\177ELF", 4) == 0) {
            bool is_fit = elf_target_check(file, current, ret_refusal) &&
                          check_privileges(current, &status, ret_refusal);
            close(file);
            return is_fit;
        }
        close(file);
        if (got < 2 || memcmp(first, "#!", 2) != 0 || !read_interpreter(first, interpreter)) {
            return refuse(
                ret_refusal, RUN_CANNOT_RUN,
                "%s is neither an ELF program nor a script with a #! line: run it through "
                "its interpreter",
                current);
        }
        if (!check_interpreter(current, interpreter, ret_refusal)) {
            return false;
        }
        memcpy(current, interpreter, strlen(interpreter) + 1);
    }
    return refuse(ret_refusal, RUN_CANNOT_RUN,
                  "%s: its interpreter is a script of a script of a script: name the last one",
                  path);
}
