/*
 * What a program finds when it lists its own descriptors and tasks.
 * Defence: file_release() in file.c; no thread of our own.
 * Without it: with the descriptor kept, "3 is t.trace" was listed, and the program's own had other
 * numbers.
 */
#include <dirent.h>
#include <pthread.h>
#include <sys/wait.h>

#include "seen.h"

static void list(const char *when, const char *path)
{
    char link[300];
    char target[256];
    DIR *listed = opendir(path);
    need(listed != NULL, path);
    for (const struct dirent *entry; (entry = readdir(listed)) != NULL;) {
        snprintf(link, sizeof link, "%s/%s", path, entry->d_name);
        ssize_t length = readlink(link, target, sizeof target - 1);
        if (length >= 0 && strtol(entry->d_name, NULL, 10) > 2) {
            target[length] = '\0';
            say("%s: %s is %s\n", when, entry->d_name,
                strtol(entry->d_name, NULL, 10) == dirfd(listed) ? "the list" : target);
        }
    }
    closedir(listed);
}

static unsigned count_tasks(void)
{
    unsigned tasks = 0;
    DIR *listed = opendir("/proc/self/task");
    for (const struct dirent *entry; (entry = readdir(listed)) != NULL;) {
        tasks += entry->d_name[0] != '.';
    }
    closedir(listed);
    return tasks;
}

static void *in_thread(void *argument)
{
    marked_churn(100);
    list("in a thread", "/proc/self/fd");
    return argument;
}

int main(void)
{
    pthread_t thread;
    list("at the start", "/proc/self/fd");
    say("tasks: %u\n", count_tasks());
    fill_windows(20000);
    list("after much writing", "/proc/self/fd");
    need(pthread_create(&thread, NULL, in_thread, NULL) == 0, "pthread_create");
    pthread_join(thread, NULL);
    if (fork() == 0) {
        marked_count = 0;
        marked_churn(10);
        list("in a child", "/proc/self/fd");
        say_marked();
        _exit(0);
    }
    wait(NULL);
    say_marked();
    say("tasks: %u\n", count_tasks());
    return 0;
}
