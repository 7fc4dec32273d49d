/*
 * Proofs that were used.  A proof that is not bound to a request can be sent
 * again by whoever saw it; here it is remembered for as long as it is good, by
 * all workers and across reloads.  Nothing but digests is kept, under a key of
 * the zone's, so that nobody can choose where his own go.
 *
 * The table has a bound, and two kinds of proofs differ in what happens there.
 * The id of a webhook stays for as long as the webhook is good, ten minutes at
 * most, since its headers open every location: with no room for another one
 * the request fails.  A body is remembered for as long as the configuration
 * says, perhaps for days, and opens its own meeting only: the oldest gives
 * way, since a busy hour may not keep all bots out.
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


/* In a new worker; NULL: there is no zone, and nothing can be remembered. */
void ngx_http_zoom_replay_attach(ngx_http_zoom_zone_t *zone);

/* Of strings, each with its length.  NGX_OK or NGX_ERROR. */
ngx_int_t ngx_http_zoom_replay_digest(ngx_http_zoom_digest_t *digest,
    const ngx_str_t *parts, ngx_uint_t n);

/*
 * Uses up an id that is good "until" that second, that one included.  NGX_OK:
 * it is new, or "request" is the same as then and that is 10 seconds ago at
 * most; NGX_DECLINED: it was used; NGX_BUSY: there is no room to remember it.
 */

ngx_int_t ngx_http_zoom_replay_id(const ngx_http_zoom_digest_t *id,
    const ngx_http_zoom_digest_t *request, time_t until);

/*
 * Counts a body.  NGX_OK for the first "count" times within "window" seconds
 * of the first; NGX_DECLINED for all others, which count for nothing.
 */

ngx_int_t ngx_http_zoom_replay_body(const ngx_http_zoom_digest_t *body,
    time_t window, ngx_uint_t count);


#endif /* _NGX_HTTP_ZOOM_REPLAY_H_INCLUDED_ */
