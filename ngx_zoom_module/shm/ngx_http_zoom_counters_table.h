/* What a zone counts of callers and of users, in tables that have a bound. */

#ifndef _NGX_HTTP_ZOOM_COUNTERS_TABLE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_COUNTERS_TABLE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* Both are divided into sets of so many places, of which a hash has one. */

#define NGX_HTTP_ZOOM_COUNTERS_WAYS  8


/* What a key of zoom_limit has used of its allowance. */

typedef struct {
    uint64_t                     key;        /* a hash */
    int64_t                      until;      /* all of it is used up to then,
                                                microseconds; past: free */
} ngx_http_zoom_allowance_t;


/* What a user has written in a day. */

typedef struct {
    uint64_t                     user;       /* a hash */
    uint32_t                     day;        /* since the epoch, in UTC; not
                                                today's: free */
    uint32_t                     writes;
} ngx_http_zoom_daily_t;


#endif /* _NGX_HTTP_ZOOM_COUNTERS_TABLE_H_INCLUDED_ */
