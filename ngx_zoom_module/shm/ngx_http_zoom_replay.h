/*
 * Proofs that were used.  A proof that is not bound to a request can be sent
 * again by whoever saw it; here it is remembered for as long as it is good, by
 * all workers and across reloads.  Nothing but digests is kept, under a key of
 * the zone's, so that nobody can choose where his own go.
 *
 * A proof is reserved while its request runs.  What comes of the request then
 * either commits it, and it is spent, or releases it, and it is as good as
 * before: a sender who was told to try again may do so.  A reservation whose
 * worker has died is released by whoever meets it next; one that nobody ever
 * ended lapses.
 *
 * A table has a bound, and kinds of proofs differ in what happens there.  The
 * id of a webhook stays for as long as the webhook is good, ten minutes at
 * most, since its headers open every location: with no room for another one
 * the request fails.  A body is remembered for as long as the configuration
 * says, perhaps for days, and opens its own meeting only: the oldest gives
 * way, since a busy hour may not keep all bots out.  Deliveries of Zoom's have
 * a table of their own, as there may be many, and the oldest gives way there,
 * too: rather one too often than none.
 *
 * Only proofs that held come here: wrong ones take no lock.
 */

#ifndef _NGX_HTTP_ZOOM_REPLAY_H_INCLUDED_
#define _NGX_HTTP_ZOOM_REPLAY_H_INCLUDED_


#include "ngx_http_zoom_zone.h"


/* seconds in which a sender may repeat the very same request */
#define NGX_HTTP_ZOOM_REPEAT  10


typedef struct {
    u_char                       sum[NGX_HTTP_ZOOM_SEEN_LEN];
} ngx_http_zoom_digest_t;


typedef enum {
    NGX_HTTP_ZOOM_REPLAY_ID = 0,     /* of a webhook */
    NGX_HTTP_ZOOM_REPLAY_BODY,       /* that Attendee signed */
    NGX_HTTP_ZOOM_REPLAY_DELIVERY,   /* of an event of Zoom's */
    NGX_HTTP_ZOOM_REPLAY_NKINDS
} ngx_http_zoom_replay_e;


/* What a request has reserved; all zero: nothing. */

typedef struct {
    ngx_http_zoom_digest_t       digest;     /* set by the caller, */
    time_t                       lasts;      /* and after how many seconds it
                                                lapses if nobody ends it */
    ngx_http_zoom_seen_t        *seen;       /* where that was put */
    uint32_t                     turn;       /* 0: nothing to end */
    uint32_t                     until;      /* the last second it is
                                                remembered once spent */
    ngx_http_zoom_replay_e       kind;
} ngx_http_zoom_reserved_t;


/* In a new worker; NULL: there is no zone, and nothing can be remembered. */
void ngx_http_zoom_replay_attach(ngx_http_zoom_zone_t *zone);

/* Of strings, each with its length.  NGX_OK or NGX_ERROR. */
ngx_int_t ngx_http_zoom_replay_digest(ngx_http_zoom_digest_t *digest,
    const ngx_str_t *parts, ngx_uint_t n);

/*
 * These reserve what reserved->digest says, until one of the two below is
 * called: NGX_OK, and "reserved" filled in; NGX_DECLINED, it is spent, or
 * NGX_AGAIN, another request has reserved it and may yet release it.
 *
 * An id is good "until" that second, that one included.  NGX_OK as well if
 * "request" is the same as the first time and that is 10 seconds ago at most;
 * NGX_BUSY: there is no room to remember it.
 */

ngx_int_t ngx_http_zoom_replay_reserve_id(ngx_http_zoom_reserved_t *reserved,
    const ngx_http_zoom_digest_t *request, time_t until);

/*
 * Reserves nothing: NGX_OK if it is as good as new, else NGX_DECLINED or
 * NGX_AGAIN as above.
 */

ngx_int_t ngx_http_zoom_replay_look(const ngx_http_zoom_digest_t *digest);

/*
 * A body is good for the first "count" times within "window" seconds of the
 * first; those that are refused count for nothing.
 */

ngx_int_t ngx_http_zoom_replay_reserve_body(ngx_http_zoom_reserved_t *reserved,
    time_t window, ngx_uint_t count);

/* A delivery is good once "until" that second, that one included. */
ngx_int_t ngx_http_zoom_replay_reserve_delivery(
    ngx_http_zoom_reserved_t *reserved, time_t until);

/* Spends what was reserved, or gives it back; then there is nothing to end. */
void ngx_http_zoom_replay_commit(ngx_http_zoom_reserved_t *reserved);
void ngx_http_zoom_replay_release(ngx_http_zoom_reserved_t *reserved);


#endif /* _NGX_HTTP_ZOOM_REPLAY_H_INCLUDED_ */
