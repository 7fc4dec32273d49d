/*
 * The store: values under keys in shared memory, and nothing of their
 * meaning.
 */

#ifndef _NGX_HTTP_ZOOM_STORE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_STORE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_zone.h"
#include "zoom_error.h"


#define NGX_HTTP_ZOOM_KEY_MAX    1024
#define NGX_HTTP_ZOOM_VALUE_MAX  16384


typedef struct {
    u_char                      *data;
    size_t                       len;
    uint32_t                     hash;
    uint32_t                     state;      /* of the account, for eviction */
    uint32_t                     who;        /* asks, likewise; 0: anybody */
    uint16_t                     scopes[2];  /* what begins with so many bytes
                                                is purged together; 0: none */
    unsigned                     pinned:1;   /* never evicted while it lives */
    unsigned                     once:1;     /* its value is for one waiter and
                                                never kept, its failures are */
} ngx_http_zoom_key_t;


/* A copy of what is known of a key. */

typedef struct {
    uint32_t                     entry;      /* where it was found */

    uint64_t                     published;  /* flight of the value, or 0 */
    time_t                       minted;
    time_t                       expires;
    uint32_t                     sum;        /* as in an entry */
    size_t                       len;        /* of the value */
    unsigned                     lacks;      /* as in an entry */

    uint64_t                     failed;     /* flight of the failure, or 0 */
    zoom_error_e                 error;
    ngx_msec_t                   until;
    time_t                       retry_after;
    int                          code;       /* Zoom's */

    uint64_t                     flight;     /* in progress, or 0 */
    ngx_uint_t                   used;       /* since it was published */

    u_char                       tracking_id[ZOOM_TRACKING_ID_MAX + 1];
} ngx_http_zoom_record_t;


/*
 * Copies the record of a key, and its value into "value" where that is not
 * NULL and large enough; "len" tells in any case.  Takes no lock unless
 * writers keep getting in the way.  NGX_OK, or NGX_DECLINED: nothing known.
 */

ngx_int_t ngx_http_zoom_store_read(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *key, ngx_http_zoom_record_t *rec,
    u_char *value, size_t size);


/* The same without the value, and without it counting as a use. */
ngx_int_t ngx_http_zoom_store_look(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *key, ngx_http_zoom_record_t *rec);


/* Of an entry, in which others may write unless the zone is locked. */
void ngx_http_zoom_store_copy(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *e, ngx_http_zoom_record_t *rec);


/* NULL: nothing known. */
ngx_http_zoom_entry_t *ngx_http_zoom_store_find(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *key) ngx_http_zoom_under_lock;

/*
 * A fresh entry for a key that has none.  Others are evicted for it, failures
 * first, then those of an account that has more than its part; but neither
 * flights nor live pinned ones: NULL if there are only such.
 */

ngx_http_zoom_entry_t *ngx_http_zoom_store_insert(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *key, time_t now) ngx_http_zoom_under_lock;

/*
 * Replaces the value; the old one is wiped.  NGX_ERROR: there is no room, the
 * entry is left without a value.
 */

ngx_int_t ngx_http_zoom_store_set(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e, const ngx_str_t *value, time_t now)
    ngx_http_zoom_under_lock;

/*
 * The entry holds a failure and no value.  There are few of these: the oldest
 * makes room, rather one of the same account.
 */

void ngx_http_zoom_store_negative(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e) ngx_http_zoom_under_lock;

/* Whether the entry's key begins with these bytes. */
ngx_uint_t ngx_http_zoom_store_prefix(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *e, const u_char *data, size_t len)
    ngx_http_zoom_under_lock;

/* Wipes the value and forgets it; the entry stays. */
void ngx_http_zoom_store_drop(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e) ngx_http_zoom_under_lock;


#endif /* _NGX_HTTP_ZOOM_STORE_H_INCLUDED_ */
