/* In place of database.c where libsqlite3 is missing. */
#include "database.h"

bool database_is_there(void)
{
    return false;
}

static enum trace_status refuse(struct trace_error *error)
{
    return trace_fail(error, TRACE_UNSUPPORTED, 0, "built without libsqlite3");
}

enum trace_status database_new(struct database **ret_database, struct trace_error *error)
{
    *ret_database = NULL;
    return refuse(error);
}

void database_free(struct database *database)
{
    (void)database;
}

enum trace_status database_add_sites(struct database *database, const struct replay *replay,
                                     struct attribution *attribution, size_t trace,
                                     struct trace_error *error)
{
    (void)database, (void)replay, (void)attribution, (void)trace;
    return refuse(error);
}

enum trace_status database_add_trace(struct database *database, const struct report_trace *trace,
                                     size_t number, struct trace_error *error)
{
    (void)database, (void)trace, (void)number;
    return refuse(error);
}

enum trace_status database_write(struct database *database, FILE *out, struct trace_error *error)
{
    (void)database, (void)out;
    return refuse(error);
}
