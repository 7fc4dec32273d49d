/*
 * Which key a grant is sealed with is not written down anywhere: workers of an
 * older configuration go on sealing with theirs, so that only a look tells.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_grants.h"
#include "ngx_http_zoom_reseal.h"
#include "ngx_http_zoom_store_conf.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_timer.h"


/* milliseconds */

#define NGX_HTTP_ZOOM_RESEAL_PAGE   50
#define NGX_HTTP_ZOOM_RESEAL_AGAIN  10000        /* where the store failed */
#define NGX_HTTP_ZOOM_RESEAL_EVERY  3600000


typedef struct {
    ngx_event_t                  timer;
    const ngx_http_zoom_store_conf_t  *store;
    u_char                       app[NGX_HTTP_ZOOM_APP_MAX + 1];
    u_char                       user[ZOOM_USER_ID_MAX + 1];
    ngx_uint_t                   resealed;   /* of this turn */
    ngx_uint_t                   lost;
    ngx_uint_t                   turns;
} ngx_http_zoom_resealing_t;


static void ngx_http_zoom_reseal_page(ngx_event_t *ev);
static void ngx_http_zoom_reseal_done(ngx_http_zoom_grants_ask_t *ask);
static const ngx_str_t *ngx_http_zoom_reseal_where(
    const ngx_http_zoom_store_conf_t *store);
static void ngx_http_zoom_reseal_turn(void);


static ngx_http_zoom_resealing_t  ngx_http_zoom_resealing;


void
ngx_http_zoom_reseal_start(const ngx_http_zoom_store_conf_t *store,
    ngx_log_t *log)
{
    ngx_http_zoom_resealing_t  *r;

    r = &ngx_http_zoom_resealing;

    ngx_memzero(r, sizeof(ngx_http_zoom_resealing_t));
    ngx_http_zoom_timer_init(&r->timer, ngx_http_zoom_reseal_page, log);

    /* a worker that is told to quit does not wait for it */
    r->timer.cancelable = 1;

    r->store = store;

    if (ngx_worker == 0 && store && store->sealing->n > 1) {
        ngx_add_timer(&r->timer, NGX_HTTP_ZOOM_RESEAL_PAGE);
    }
}


void
ngx_http_zoom_reseal_stop(void)
{
    ngx_http_zoom_timer_stop(&ngx_http_zoom_resealing.timer);
}


static void
ngx_http_zoom_reseal_page(ngx_event_t *ev)
{
    ngx_http_zoom_resealing_t   *r;
    ngx_http_zoom_grants_ask_t  *ask;

    if (ngx_exiting || ngx_quit || ngx_terminate) {
        return;
    }

    r = &ngx_http_zoom_resealing;

    ask = ngx_http_zoom_grants_ask(NGX_HTTP_ZOOM_GRANT_RESEAL);

    if (ask) {
        ngx_cpystrn(ask->query.app, r->app, sizeof(ask->query.app));
        ngx_cpystrn(ask->query.user, r->user, sizeof(ask->query.user));

        ask->handler = ngx_http_zoom_reseal_done;

        if (ngx_http_zoom_grants_post(ask) == NGX_OK) {
            return;
        }
    }

    ngx_add_timer(&r->timer, NGX_HTTP_ZOOM_RESEAL_AGAIN);
}


static void
ngx_http_zoom_reseal_done(ngx_http_zoom_grants_ask_t *ask)
{
    ngx_http_zoom_resealing_t    *r;
    ngx_http_zoom_grant_query_t  *q;

    r = &ngx_http_zoom_resealing;
    q = &ask->query;

    if (ngx_exiting || ngx_quit || ngx_terminate) {
        return;
    }

    if (q->rc != NGX_OK) {
        ngx_add_timer(&r->timer, NGX_HTTP_ZOOM_RESEAL_AGAIN);
        return;
    }

    r->resealed += q->resealed;
    r->lost += q->lost;

    if (q->more) {
        ngx_cpystrn(r->app, q->app, sizeof(r->app));
        ngx_cpystrn(r->user, q->user, sizeof(r->user));
        ngx_add_timer(&r->timer, NGX_HTTP_ZOOM_RESEAL_PAGE);
        return;
    }

    ngx_http_zoom_reseal_turn();
}


static const ngx_str_t *
ngx_http_zoom_reseal_where(const ngx_http_zoom_store_conf_t *store)
{
    return store->redis ? &store->redis->url : &store->path;
}


static void
ngx_http_zoom_reseal_turn(void)
{
    const ngx_str_t            *where;
    ngx_http_zoom_resealing_t  *r;

    r = &ngx_http_zoom_resealing;
    where = ngx_http_zoom_reseal_where(r->store);

    if (r->lost) {
        ngx_log_error(NGX_LOG_ERR, r->timer.log, 0,
                      "zoom: the store \"%V\" has %ui grant%s that none of "
                      "its keys opens: give \"zoom_store\" the missing key as "
                      "another \"key=\", or let those users connect again",
                      where, r->lost, ngx_http_zoom_s(r->lost));

    } else if (r->resealed || r->turns == 0) {
        ngx_log_error(NGX_LOG_NOTICE, r->timer.log, 0,
                      "zoom: the store \"%V\" needs its first key alone: %ui "
                      "grants were sealed with another one and have been "
                      "sealed anew", where, r->resealed);
    }

    r->app[0] = '\0';
    r->user[0] = '\0';
    r->resealed = 0;
    r->lost = 0;
    r->turns++;

    ngx_add_timer(&r->timer, NGX_HTTP_ZOOM_RESEAL_EVERY);
}
