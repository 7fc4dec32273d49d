/*
 * Who holds the zone's lock, said so that clang can check it with
 * -Wthread-safety; other compilers read nothing here.
 *
 * A process has one zone, and the zone one lock, so it has a name and is no
 * member: nothing has to be proved of which pointer leads to it.
 */

#ifndef _NGX_HTTP_ZOOM_LOCK_H_INCLUDED_
#define _NGX_HTTP_ZOOM_LOCK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#if (__clang__)

#define ngx_http_zoom_locks                                                   \
    __attribute__((acquire_capability(ngx_http_zoom_lock)))
#define ngx_http_zoom_unlocks                                                 \
    __attribute__((release_capability(ngx_http_zoom_lock)))
#define ngx_http_zoom_under_lock                                              \
    __attribute__((requires_capability(ngx_http_zoom_lock)))


/* There is none of it: it has a name only. */

struct __attribute__((capability("lock of the zone"))) ngx_http_zoom_lock_s {
    int  unused;
};

extern struct ngx_http_zoom_lock_s  ngx_http_zoom_lock;


/* No other mutex of this kind is taken by the module. */

void ngx_shmtx_lock(ngx_shmtx_t *mtx) ngx_http_zoom_locks;
void ngx_shmtx_unlock(ngx_shmtx_t *mtx) ngx_http_zoom_unlocks;

#else

#define ngx_http_zoom_locks
#define ngx_http_zoom_unlocks
#define ngx_http_zoom_under_lock

#endif


#endif /* _NGX_HTTP_ZOOM_LOCK_H_INCLUDED_ */
