/*
 * Tokens that no host is to hand out any more: a mark in the store, from before
 * which it has none, and news for the hosts, also for those that can't hear it
 * now.
 */

#ifndef _NGX_HTTP_ZOOM_CLAIM_PURGE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_CLAIM_PURGE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "zoom_seal.h"


/*
 * Tokens whose keys begin so are to be dropped here: all, or where it was told
 * "age" milliseconds ago those that are older.  All workers of a host are told
 * of it, and by the same number; some of it twice.
 */

typedef void (*ngx_http_zoom_claim_purged_pt)(const ngx_str_t *prefix,
    ngx_uint_t number, int64_t age);


/* In a worker, where there is such a store. */
void ngx_http_zoom_claim_purge_init(const zoom_seal_t *seal,
    ngx_http_zoom_claim_purged_pt purged);

/*
 * They were dropped here: let others do so.  The number by which our own
 * workers will be told, or 0: the store is away, and nobody is.
 */

ngx_uint_t ngx_http_zoom_claim_purge(const ngx_str_t *prefix);

/* The store's key of the mark, into "p"; NULL: OpenSSL failed. */
u_char *ngx_http_zoom_claim_purge_mark(u_char *p, u_char *last,
    const u_char *prefix, size_t len);

/* Whether that was news of a purge, as of ngx_http_zoom_missed_pt. */
ngx_uint_t ngx_http_zoom_claim_purge_news(const ngx_str_t *text, int64_t age);


#endif /* _NGX_HTTP_ZOOM_CLAIM_PURGE_H_INCLUDED_ */
