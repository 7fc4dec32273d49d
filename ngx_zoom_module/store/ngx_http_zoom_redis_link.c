#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#if (NGX_HTTP_ZOOM_HIREDIS)

#include <openssl/err.h>

#include "ngx_http_zoom_redis_error.h"
#include "ngx_http_zoom_redis_greet.h"
#include "ngx_http_zoom_redis_link.h"
#include "ngx_http_zoom_redis_tls.h"
#include "ngx_http_zoom_timer.h"


/* milliseconds, between two tries; half of it more or less */

#define NGX_HTTP_ZOOM_REDIS_PAUSE_MIN  50
#define NGX_HTTP_ZOOM_REDIS_PAUSE_MAX  1000


static void ngx_http_zoom_redis_link_find(ngx_http_zoom_redis_link_t *link);
static void ngx_http_zoom_redis_link_resolved(
    ngx_http_zoom_redis_name_t *name);
static void ngx_http_zoom_redis_link_connect(ngx_http_zoom_redis_link_t *link);
static ngx_int_t ngx_http_zoom_redis_link_secure(
    ngx_http_zoom_redis_link_t *link, redisAsyncContext *ac);
static void ngx_http_zoom_redis_link_connected(const redisAsyncContext *ac,
    int status);
static void ngx_http_zoom_redis_link_fail(ngx_http_zoom_redis_link_t *link,
    const u_char *reason);
static void ngx_http_zoom_redis_link_away(ngx_http_zoom_redis_link_t *link);
static void ngx_http_zoom_redis_link_tell(ngx_http_zoom_redis_link_t *link);
static ngx_uint_t ngx_http_zoom_redis_link_next(
    ngx_http_zoom_redis_link_t *link);
static void ngx_http_zoom_redis_link_timer(ngx_event_t *ev);
static void ngx_http_zoom_redis_link_breaks(ngx_event_t *ev);
static void ngx_http_zoom_redis_link_closed(ngx_http_zoom_redis_event_t *e);


void
ngx_http_zoom_redis_link_start(ngx_http_zoom_redis_link_t *link)
{
    ngx_http_zoom_timer_init(&link->timer, ngx_http_zoom_redis_link_timer,
                             link->log);
    ngx_http_zoom_timer_init(&link->breaks, ngx_http_zoom_redis_link_breaks,
                             link->log);

    /* nobody who quits waits for a store */

    link->timer.cancelable = 1;

    link->event.closed = ngx_http_zoom_redis_link_closed;
    link->event.log = link->log;

    link->name.conf = link->conf;
    link->name.handler = ngx_http_zoom_redis_link_resolved;

    /*
     * From the event loop: the clock stands still while a worker starts, and
     * what that takes is not the store's time.
     */

    ngx_add_timer(&link->timer, 1);
}


ngx_uint_t
ngx_http_zoom_redis_link_begins(const ngx_http_zoom_redis_link_t *link)
{
    return !link->begun
           || ngx_current_msec - link->began < link->conf->timeout;
}


void
ngx_http_zoom_redis_link_stop(ngx_http_zoom_redis_link_t *link)
{
    link->over = 1;
    link->state = NGX_HTTP_ZOOM_REDIS_BROKEN;

    ngx_http_zoom_redis_name_stop(&link->name);

    if (link->ac) {
        redisAsyncFree(link->ac);
    }

    ngx_http_zoom_timer_stop(&link->timer);
    ngx_http_zoom_timer_stop(&link->breaks);
}


void
ngx_http_zoom_redis_link_good(ngx_http_zoom_redis_link_t *link)
{
    link->pause = 0;
}


/* Each of the sentinels may take its time before there is an answer. */

static void
ngx_http_zoom_redis_link_find(ngx_http_zoom_redis_link_t *link)
{
    ngx_uint_t  n;

    if (!link->begun) {
        link->begun = 1;
        link->began = ngx_current_msec;
    }

    link->reason[0] = '\0';
    link->state = NGX_HTTP_ZOOM_REDIS_FINDING;

    n = link->find ? link->conf->nplaces + 1 : 1;

    ngx_add_timer(&link->timer, n * link->conf->timeout);

    if (link->find) {
        link->find(link);
        return;
    }

    ngx_http_zoom_redis_link_found(link, &link->conf->places[link->place]);
}


void
ngx_http_zoom_redis_link_found(ngx_http_zoom_redis_link_t *link,
    const ngx_http_zoom_redis_place_t *place)
{
    if (link->state != NGX_HTTP_ZOOM_REDIS_FINDING || link->name.ctx) {
        return;
    }

    link->port = place->port;
    link->reason[0] = '\0';

    if (ngx_http_zoom_redis_name_find(&link->name, place) != NGX_AGAIN) {
        ngx_http_zoom_redis_link_resolved(&link->name);
    }
}


static void
ngx_http_zoom_redis_link_resolved(ngx_http_zoom_redis_name_t *name)
{
    ngx_http_zoom_redis_link_t  *link;

    link = ngx_http_zoom_timer_object(name, ngx_http_zoom_redis_link_t, name);

    if (link->state != NGX_HTTP_ZOOM_REDIS_FINDING) {
        return;
    }

    if (name->error[0]) {
        ngx_http_zoom_redis_link_fail(link, name->error);
        return;
    }

    ngx_http_zoom_redis_link_connect(link);
}


/* To an address, so that hiredis looks nothing up. */

static void
ngx_http_zoom_redis_link_connect(ngx_http_zoom_redis_link_t *link)
{
    redisAsyncContext  *ac;

    link->state = NGX_HTTP_ZOOM_REDIS_CONNECTING;

    ac = redisAsyncConnect((char *) link->name.addr, link->port);

    if (ac == NULL) {
        ngx_http_zoom_redis_link_fail(link, (u_char *) "finds no memory");
        return;
    }

    if (ac->err) {
        ngx_http_zoom_redis_link_fail(link, (u_char *) ac->errstr);
        redisAsyncFree(ac);
        return;
    }

    /* a connection that only listens finds out in no other way */

    (void) redisEnableKeepAlive(&ac->c);

    if (ngx_http_zoom_redis_link_secure(link, ac) != NGX_OK) {
        ngx_http_zoom_redis_link_away(link);
        redisAsyncFree(ac);
        return;
    }

    if (ngx_http_zoom_redis_event_watch(&link->event, ac) != NGX_OK) {
        ngx_http_zoom_redis_link_fail(link, (u_char *) "finds no free "
                                      "connection: increase "
                                      "\"worker_connections\"");
        redisAsyncFree(ac);
        return;
    }

    ac->data = link;
    link->ac = ac;

    /* which makes it ask for a write event, the sign of a connection */

    (void) redisAsyncSetConnectCallback(ac,
                                        ngx_http_zoom_redis_link_connected);

    ngx_del_timer(&link->timer);
    ngx_add_timer(&link->timer, link->conf->timeout);
}


static ngx_int_t
ngx_http_zoom_redis_link_secure(ngx_http_zoom_redis_link_t *link,
    redisAsyncContext *ac)
{
#if (NGX_HTTP_ZOOM_HIREDIS_SSL)

    if (link->conf->ssl) {
        ERR_clear_error();
        link->ssl = ngx_http_zoom_redis_tls(ac, link->conf, link->reason,
                                            sizeof(link->reason));
        ERR_clear_error();

        link->met = (ngx_strncmp(link->reason, "TLS", 3) == 0);

        return link->ssl ? NGX_OK : NGX_ERROR;
    }

#endif

    return NGX_OK;
}


/* A refusal shows in the cleanup that follows. */

static void
ngx_http_zoom_redis_link_connected(const redisAsyncContext *ac, int status)
{
    ngx_http_zoom_redis_link_t  *link;

    link = ac->data;

    link->met = (status == REDIS_OK);

    if (status == REDIS_OK && link->state == NGX_HTTP_ZOOM_REDIS_CONNECTING) {
        ngx_add_timer(&link->timer, link->conf->timeout);
        ngx_http_zoom_redis_greet(link);
    }
}


void
ngx_http_zoom_redis_link_break(ngx_http_zoom_redis_link_t *link,
    const char *reason, size_t len)
{
    if (link->state == NGX_HTTP_ZOOM_REDIS_AWAY
        || link->state == NGX_HTTP_ZOOM_REDIS_BROKEN)
    {
        return;
    }

    link->state = NGX_HTTP_ZOOM_REDIS_BROKEN;

    ngx_http_zoom_redis_error_text(link->reason, sizeof(link->reason), reason,
                                   len);

    ngx_post_event(&link->breaks, &ngx_posted_events);
}


void
ngx_http_zoom_redis_link_late(ngx_http_zoom_redis_link_t *link)
{
    u_char  *p, buf[64];

    p = ngx_slprintf(buf, buf + sizeof(buf), "no answer within %M ms",
                     link->conf->timeout);

    ngx_http_zoom_redis_link_break(link, (char *) buf, p - buf);
}


void
ngx_http_zoom_redis_link_ends(ngx_http_zoom_redis_link_t *link)
{
    if (link->state == NGX_HTTP_ZOOM_REDIS_OPEN) {
        link->state = NGX_HTTP_ZOOM_REDIS_BROKEN;
    }
}


void
ngx_http_zoom_redis_link_moved(ngx_http_zoom_redis_link_t *link)
{
    static const char  why[] = "the sentinels have made another one the master";

    link->pause = 0;

    if (link->state == NGX_HTTP_ZOOM_REDIS_AWAY) {
        ngx_del_timer(&link->timer);
        ngx_add_timer(&link->timer, 1);
        return;
    }

    ngx_http_zoom_redis_link_break(link, why, sizeof(why) - 1);
}


static void
ngx_http_zoom_redis_link_breaks(ngx_event_t *ev)
{
    ngx_http_zoom_redis_link_t  *link;

    link = ngx_http_zoom_timer_object(ev, ngx_http_zoom_redis_link_t, breaks);

    if (link->ac) {
        redisAsyncFree(link->ac);
        return;
    }

    if (link->state == NGX_HTTP_ZOOM_REDIS_BROKEN) {
        ngx_http_zoom_redis_link_away(link);
    }
}


/* There was no connection. */

static void
ngx_http_zoom_redis_link_fail(ngx_http_zoom_redis_link_t *link,
    const u_char *reason)
{
    ngx_cpystrn(link->reason, (u_char *) reason, sizeof(link->reason));

    ngx_http_zoom_redis_link_away(link);
}


/* Refused, timed out, broken or lost: what is next is another try. */

static void
ngx_http_zoom_redis_link_away(ngx_http_zoom_redis_link_t *link)
{
    ngx_msec_t  pause;
    ngx_uint_t  next;

    ngx_http_zoom_redis_name_stop(&link->name);

    if (link->over) {
        return;
    }

    link->state = NGX_HTTP_ZOOM_REDIS_AWAY;

    if (link->timer.timer_set) {
        ngx_del_timer(&link->timer);
    }

    next = ngx_http_zoom_redis_link_next(link);

    ngx_http_zoom_redis_link_tell(link);

    if (next && !link->was) {
        ngx_add_timer(&link->timer, 1);
        return;
    }

    link->was = 0;
    link->told[0] = '\0';

    pause = ngx_max(link->pause, NGX_HTTP_ZOOM_REDIS_PAUSE_MIN);
    link->pause = ngx_min(pause * 2, NGX_HTTP_ZOOM_REDIS_PAUSE_MAX);

    ngx_add_timer(&link->timer, pause / 2 + ngx_random() % pause);

    link->lost(link);
}


/* What somebody says who is there says more than that others are not. */

static void
ngx_http_zoom_redis_link_tell(ngx_http_zoom_redis_link_t *link)
{
    if (link->told[0] && !link->was) {
        ngx_cpystrn(link->reason, link->told, sizeof(link->reason));

    } else if (link->met) {
        ngx_cpystrn(link->told, link->reason, sizeof(link->told));
    }

    link->met = 0;
}


/* Whether there is a host, or an address, that was not tried in this round. */

static ngx_uint_t
ngx_http_zoom_redis_link_next(ngx_http_zoom_redis_link_t *link)
{
    if (link->was) {
        link->tried = 0;
        link->round = 0;
    }

    if (++link->tried < link->name.n) {
        return 1;
    }

    link->tried = 0;

    if (link->find) {
        return 0;
    }

    link->place = (link->place + 1) % link->conf->nplaces;
    link->round = (link->round + 1) % link->conf->nplaces;

    return link->round != 0;
}


static void
ngx_http_zoom_redis_link_timer(ngx_event_t *ev)
{
    ngx_http_zoom_redis_link_t  *link;

    link = ngx_http_zoom_timer_object(ev, ngx_http_zoom_redis_link_t, timer);

    if (link->state == NGX_HTTP_ZOOM_REDIS_AWAY) {
        ngx_http_zoom_redis_link_find(link);
        return;
    }

    if (link->state == NGX_HTTP_ZOOM_REDIS_FINDING && link->reason[0]) {

        /* nobody has found it, and whoever looked has said why */

        ngx_http_zoom_redis_link_away(link);
        return;
    }

    ngx_http_zoom_redis_link_late(link);
}


/* Its replies come as NULL, before or after this. */

static void
ngx_http_zoom_redis_link_closed(ngx_http_zoom_redis_event_t *e)
{
    ngx_http_zoom_redis_link_t  *link;

    link = ngx_http_zoom_timer_object(e, ngx_http_zoom_redis_link_t, event);

    link->ac = NULL;

    if (e->large) {
        ngx_cpystrn(link->reason, (u_char *) "answers with more than 4 MB",
                    sizeof(link->reason));
    }

    if (link->reason[0] == '\0') {
        ngx_cpystrn(link->reason,
                    (u_char *) (e->ac->c.err ? e->ac->c.errstr
                                             : "closed the connection"),
                    sizeof(link->reason));

#if (NGX_HTTP_ZOOM_HIREDIS_SSL)
        if (link->ssl && e->ac->c.flags & REDIS_CONNECTED) {
            ngx_http_zoom_redis_tls_reason(link->ssl, link->was, link->reason,
                                           sizeof(link->reason));
        }
#endif
    }

    link->ssl = NULL;

    ngx_http_zoom_redis_link_away(link);
}

#endif
