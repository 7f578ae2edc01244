/*
 * The tables of --format sqlite. Times are seconds since the trace began, sizes are bytes.
 *
 *   traces --< sites >-- stacks --< frames       a site is a stack, a size, a thread, a domain
 *     |          |
 *     |          +--< levels                     its live blocks, where they changed
 *     +--< moments, timeline, rss, snapshots
 *
 * `levels` has a row only for moments at which a site's live blocks were not what they were at the
 * one before; the view `site_levels` has all of them.
 */
#ifndef ANALYZER_DATABASE_SCHEMA_H
#define ANALYZER_DATABASE_SCHEMA_H

#define DATABASE_SCHEMA                                                                            \
    "CREATE TABLE traces(trace INTEGER PRIMARY KEY, file TEXT, program TEXT, arguments TEXT,"      \
    " host TEXT, pid INTEGER, parent_pid INTEGER, start_s REAL, duration_s REAL,"                  \
    " allocations INTEGER, frees INTEGER, reallocations INTEGER, bytes_allocated INTEGER,"         \
    " bytes_freed INTEGER, live_bytes INTEGER, live_blocks INTEGER, peak_bytes INTEGER,"           \
    " peak_blocks INTEGER, peak_s REAL, lost_events INTEGER, peak_rss_bytes INTEGER);"             \
    "CREATE TABLE frames(frame INTEGER PRIMARY KEY, place TEXT, file TEXT, line INTEGER,"          \
    " function TEXT, module TEXT, build_id TEXT, address INTEGER, inlined INTEGER);"               \
    "CREATE TABLE stacks(stack INTEGER, depth INTEGER, frame INTEGER REFERENCES frames,"           \
    " PRIMARY KEY(stack, depth)) WITHOUT ROWID;"                                                   \
    "CREATE TABLE sites(site INTEGER PRIMARY KEY, trace INTEGER REFERENCES traces,"                \
    " stack INTEGER, frame INTEGER REFERENCES frames, thread TEXT, domain INTEGER, size INTEGER,"  \
    " allocations INTEGER, frees INTEGER);"                                                        \
    "CREATE TABLE moments(trace INTEGER REFERENCES traces, moment INTEGER, time_s REAL,"           \
    " PRIMARY KEY(trace, moment)) WITHOUT ROWID;"                                                  \
    "CREATE TABLE levels(site INTEGER REFERENCES sites, moment INTEGER, live_blocks INTEGER,"      \
    " PRIMARY KEY(site, moment)) WITHOUT ROWID;"                                                   \
    "CREATE TABLE timeline(trace INTEGER REFERENCES traces, time_s REAL, live_bytes INTEGER,"      \
    " live_blocks INTEGER, peak_bytes INTEGER, peak_blocks INTEGER);"                              \
    "CREATE TABLE rss(trace INTEGER REFERENCES traces, time_s REAL, rss_bytes INTEGER,"            \
    " peak_rss_bytes INTEGER);"                                                                    \
    "CREATE TABLE snapshots(trace INTEGER REFERENCES traces, number INTEGER, name TEXT,"           \
    " time_s REAL, live_bytes INTEGER, live_blocks INTEGER, rss_bytes INTEGER);"                   \
    "CREATE VIEW site_levels AS SELECT m.trace, m.moment, m.time_s, s.site, s.frame,"              \
    " coalesce((SELECT live_blocks FROM levels l WHERE l.site = s.site AND l.moment <= m.moment"   \
    " ORDER BY l.moment DESC LIMIT 1), 0) AS live_blocks, s.size"                                  \
    " FROM moments m JOIN sites s USING(trace);"                                                   \
    "CREATE VIEW lines AS SELECT f.place, f.line, sum(s.size * (s.allocations - s.frees)) AS "     \
    "size,"                                                                                        \
    " sum(s.allocations - s.frees) AS count, sum(s.size * s.allocations) AS allocated_size,"       \
    " sum(s.allocations) AS allocated_count FROM sites s JOIN frames f USING(frame)"               \
    " GROUP BY f.place, f.line;"

#endif
