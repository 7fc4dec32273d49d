/*
 * What a host counts of the store that it shares with others; in the zone, and
 * zeros without one.
 */

#ifndef _NGX_HTTP_ZOOM_FLEET_H_INCLUDED_
#define _NGX_HTTP_ZOOM_FLEET_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_HTTP_ZOOM_FLEET_HEARD  256
#define NGX_HTTP_ZOOM_FLEET_SHOWN  16
#define NGX_HTTP_ZOOM_FLEET_NAME   64


typedef struct {
    ngx_atomic_t                 away;       /* since when, ngx_time(); 0: it
                                                is there, as far as is known */
    ngx_atomic_t                 lost;       /* likewise, last, and on
                                                ngx_current_msec's clock */
    ngx_atomic_t                 back;       /* when it was there again, on
                                                that clock; 0: never */
    ngx_atomic_t                 told;       /* the latest "away" that the log
                                                was told of */
    ngx_atomic_t                 reason;     /* a sum of what it was told */
    ngx_atomic_t                 heard[NGX_HTTP_ZOOM_FLEET_HEARD];   /* the
                                                latest purges */
    ngx_atomic_t                 incidents;
    ngx_atomic_t                 hosts;      /* that were seen lately */
    ngx_atomic_t                 missing;    /* of these, not seen for some
                                                seconds */
    ngx_atomic_t                 counted;    /* when there were as many */
    ngx_atomic_t                 since;      /* of that store's list of hosts,
                                                which begins anew when it is
                                                emptied */
    ngx_atomic_t                 seen;       /* when this host was, last, on
                                                ngx_current_msec's clock */
    ngx_atomic_t                 listened;   /* likewise, any of its workers
                                                could hear news */
    ngx_atomic_t                 trips;      /* answers of the store's */
    ngx_atomic_t                 failures;   /* none in time, or an error */
    ngx_atomic_t                 errors;     /* of these, what concerned one
                                                key or one script */
    ngx_atomic_t                 complained; /* when the log was told of such a
                                                one, ngx_time() */
    ngx_atomic_t                 claims;     /* flights that were ours */
    ngx_atomic_t                 leases;     /* of these, that we hold; known
                                                when it is reported */
    ngx_atomic_t                 waits;      /* and those of other hosts */
    ngx_atomic_t                 shared;     /* tokens that others brought */
    ngx_atomic_t                 alone;      /* flown without asking anybody,
                                                since the store was away */
    ngx_atomic_t                 replays;    /* refused for what other hosts
                                                have done */
    ngx_atomic_t                 unopened;   /* tokens that none of our keys
                                                opens */
    ngx_atomic_t                 puzzled;    /* when, last, ngx_time() */
    ngx_atomic_t                 deaf;       /* since when we may not hear its
                                                news, ngx_time(); 0: we may */
    ngx_atomic_t                 asks;       /* for slots of limits */
    ngx_atomic_t                 slots;      /* that were handed out */
    ngx_atomic_t                 lapsed;     /* of these, not used */
} ngx_http_zoom_fleet_t;


/* Hosts by name, those that were not seen for longest first. */

typedef struct {
    ngx_msec_t                   seen;       /* ngx_current_msec's clock */
    size_t                       len;
    u_char                       name[NGX_HTTP_ZOOM_FLEET_NAME];
} ngx_http_zoom_fleet_host_t;


typedef struct {
    ngx_uint_t                   n;
    ngx_http_zoom_fleet_host_t   hosts[NGX_HTTP_ZOOM_FLEET_SHOWN];
} ngx_http_zoom_fleet_roster_t;


#define ngx_http_zoom_count_fleet(counter)                                    \
    (void) ngx_atomic_fetch_add(&(counter), 1)


#endif /* _NGX_HTTP_ZOOM_FLEET_H_INCLUDED_ */
