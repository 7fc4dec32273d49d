#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_search.h"
#include "zoom_hash.h"
#include "zoom_log_once.h"


/* the first pause after a failure, seconds; each is twice as long */
#define NGX_HTTP_ZOOM_SEARCH_PAUSE  10

/* after an event, since others come with it, and not so soon after a search */
#define NGX_HTTP_ZOOM_SEARCH_SOON   1000
#define NGX_HTTP_ZOOM_SEARCH_REST   5


ngx_uint_t
ngx_http_zoom_search_due(ngx_http_zoom_pool_t *pool, ngx_uint_t source)
{
    const ngx_http_zoom_pool_search_t  *search;

    search = &pool->sh->searches[source];

    return !ngx_exiting && !ngx_quit && !ngx_terminate
           && pool->config == pool->sh->config
           && search->stopped != pool->config
           && (ngx_msec_int_t) (search->due - ngx_current_msec) <= 0;
}


void
ngx_http_zoom_search_hurry(ngx_http_zoom_pool_t *pool, ngx_uint_t source)
{
    time_t                        rest;
    ngx_msec_t                    due;
    ngx_http_zoom_pool_search_t  *search;

    search = &pool->sh->searches[source];

    search->hurried = 1;

    if (search->complete == 0 || search->failures) {
        return;
    }

    rest = search->complete + NGX_HTTP_ZOOM_SEARCH_REST - ngx_time();
    rest = ngx_max(ngx_min(rest, NGX_HTTP_ZOOM_SEARCH_REST), 0);

    due = ngx_current_msec + NGX_HTTP_ZOOM_SEARCH_SOON + rest * 1000;

    if ((ngx_msec_int_t) (due - search->due) < 0) {
        search->due = due;
    }
}


void
ngx_http_zoom_search_started(ngx_http_zoom_pool_t *pool, ngx_uint_t source)
{
    pool->sh->searches[source].hurried = 0;
}


uint64_t
ngx_http_zoom_search_round(ngx_http_zoom_pool_t *pool)
{
    uint64_t  round;

    ngx_http_zoom_pool_zone_lock(pool);

    round = ++pool->sh->round;

    ngx_http_zoom_pool_zone_unlock(pool);

    return round;
}


void
ngx_http_zoom_search_begin(ngx_http_zoom_pool_t *pool, ngx_uint_t source,
    const u_char *what, size_t len)
{
    uint64_t                      hash;
    zoom_str_t                    text;
    ngx_http_zoom_pool_search_t  *search;

    search = &pool->sh->searches[source];

    text.data = what;
    text.len = len;

    hash = zoom_hash(pool->sh->seed, text);

    if (search->what != hash) {
        ngx_memzero(search, sizeof(ngx_http_zoom_pool_search_t));

        search->what = hash;
        search->due = ngx_current_msec;
    }
}


void
ngx_http_zoom_search_complete(ngx_http_zoom_pool_t *pool, ngx_uint_t source,
    ngx_uint_t users, time_t refresh)
{
    ngx_http_zoom_pool_search_t  *search;

    search = &pool->sh->searches[source];

    search->complete = ngx_time();
    search->users = users;
    search->failures = 0;
    search->due = ngx_current_msec
                  + (search->hurried ? NGX_HTTP_ZOOM_SEARCH_REST
                                     : refresh) * 1000;

    ngx_memzero(&search->said, sizeof(zoom_log_once_t));
}


uint64_t
ngx_http_zoom_search_failed(ngx_http_zoom_pool_t *pool, ngx_uint_t source,
    time_t retry_after, time_t refresh)
{
    time_t                        pause;
    ngx_http_zoom_pool_search_t  *search;

    search = &pool->sh->searches[source];

    pause = NGX_HTTP_ZOOM_SEARCH_PAUSE << ngx_min(search->failures, 12);
    pause = ngx_max(ngx_min(pause, refresh), retry_after);

    search->failures++;
    search->failed++;
    search->due = ngx_current_msec + pause * 1000;

    return zoom_log_once(&search->said, ngx_time());
}


void
ngx_http_zoom_search_stop(ngx_http_zoom_pool_t *pool, ngx_uint_t source)
{
    pool->sh->searches[source].stopped = pool->config;
}
