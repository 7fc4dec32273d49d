#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#if (NGX_HTTP_ZOOM_HIREDIS)

#include "ngx_http_zoom_redis_link.h"
#include "ngx_http_zoom_timer.h"


/* milliseconds, between two tries; half of it more or less */

#define NGX_HTTP_ZOOM_REDIS_PAUSE_MIN  50
#define NGX_HTTP_ZOOM_REDIS_PAUSE_MAX  1000


static void ngx_http_zoom_redis_link_connect(ngx_http_zoom_redis_link_t *link);
static ngx_int_t ngx_http_zoom_redis_link_watch(
    ngx_http_zoom_redis_link_t *link);
static void ngx_http_zoom_redis_link_connected(const redisAsyncContext *ac,
    int status);
static void ngx_http_zoom_redis_link_greet(ngx_http_zoom_redis_link_t *link);
static void ngx_http_zoom_redis_link_greeted(redisAsyncContext *ac,
    void *reply, void *last);
static void ngx_http_zoom_redis_link_away(ngx_http_zoom_redis_link_t *link);
static void ngx_http_zoom_redis_link_timer(ngx_event_t *ev);
static void ngx_http_zoom_redis_link_breaks(ngx_event_t *ev);

static void ngx_http_zoom_redis_link_read(ngx_event_t *ev);
static void ngx_http_zoom_redis_link_write(ngx_event_t *ev);
static void ngx_http_zoom_redis_link_add_read(void *data);
static void ngx_http_zoom_redis_link_del_read(void *data);
static void ngx_http_zoom_redis_link_add_write(void *data);
static void ngx_http_zoom_redis_link_del_write(void *data);
static void ngx_http_zoom_redis_link_cleanup(void *data);


void
ngx_http_zoom_redis_link_start(ngx_http_zoom_redis_link_t *link)
{
    ngx_http_zoom_timer_init(&link->timer, ngx_http_zoom_redis_link_timer,
                             link->log);
    ngx_http_zoom_timer_init(&link->breaks, ngx_http_zoom_redis_link_breaks,
                             link->log);

    /* nobody who quits waits for a store */

    link->timer.cancelable = 1;

    ngx_http_zoom_redis_link_connect(link);
}


void
ngx_http_zoom_redis_link_stop(ngx_http_zoom_redis_link_t *link)
{
    link->over = 1;
    link->state = NGX_HTTP_ZOOM_REDIS_BROKEN;

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


static void
ngx_http_zoom_redis_link_connect(ngx_http_zoom_redis_link_t *link)
{
    int                 port;
    u_char             *last;
    ngx_addr_t         *addr;
    u_char              host[NGX_SOCKADDR_STRLEN + 1];
    redisAsyncContext  *ac;

    addr = &link->conf->addrs[link->next++ % link->conf->naddrs];

    /* an address, so that hiredis looks nothing up */

    last = host + ngx_sock_ntop(addr->sockaddr, addr->socklen, host,
                                NGX_SOCKADDR_STRLEN, 0);
    *last = '\0';

    port = ngx_inet_get_port(addr->sockaddr);

    link->reason[0] = '\0';
    link->state = NGX_HTTP_ZOOM_REDIS_CONNECTING;

    ac = redisAsyncConnect((char *) host, port);

    if (ac == NULL || ac->err) {
        ngx_cpystrn(link->reason,
                    (u_char *) (ac ? ac->errstr : "finds no memory"),
                    sizeof(link->reason));

        if (ac) {
            redisAsyncFree(ac);
        }

        ngx_http_zoom_redis_link_away(link);
        return;
    }

    link->ac = ac;

    if (ngx_http_zoom_redis_link_watch(link) != NGX_OK) {
        ngx_cpystrn(link->reason, (u_char *) "finds no free connection: "
                    "increase \"worker_connections\"", sizeof(link->reason));
        redisAsyncFree(ac);
        link->ac = NULL;
        ngx_http_zoom_redis_link_away(link);
        return;
    }

    /* which makes it ask for a write event, the sign of a connection */

    (void) redisAsyncSetConnectCallback(ac,
                                        ngx_http_zoom_redis_link_connected);

    ngx_add_timer(&link->timer, link->conf->timeout);
}


static ngx_int_t
ngx_http_zoom_redis_link_watch(ngx_http_zoom_redis_link_t *link)
{
    ngx_connection_t   *c;
    redisAsyncContext  *ac;

    ac = link->ac;

    c = ngx_get_connection(ac->c.fd, link->log);
    if (c == NULL) {
        return NGX_ERROR;
    }

    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);
    c->data = link;

    c->read->log = link->log;
    c->read->handler = ngx_http_zoom_redis_link_read;
    c->write->log = link->log;
    c->write->handler = ngx_http_zoom_redis_link_write;

    link->connection = c;

    ac->data = link;
    ac->ev.data = link;
    ac->ev.addRead = ngx_http_zoom_redis_link_add_read;
    ac->ev.delRead = ngx_http_zoom_redis_link_del_read;
    ac->ev.addWrite = ngx_http_zoom_redis_link_add_write;
    ac->ev.delWrite = ngx_http_zoom_redis_link_del_write;
    ac->ev.cleanup = ngx_http_zoom_redis_link_cleanup;

    return NGX_OK;
}


/* A refusal shows in the cleanup that follows. */

static void
ngx_http_zoom_redis_link_connected(const redisAsyncContext *ac, int status)
{
    ngx_http_zoom_redis_link_t  *link;

    link = ac->data;

    if (status == REDIS_OK && link->state == NGX_HTTP_ZOOM_REDIS_CONNECTING) {
        link->state = NGX_HTTP_ZOOM_REDIS_GREETING;
        ngx_http_zoom_redis_link_greet(link);
    }
}


static void
ngx_http_zoom_redis_link_greet(ngx_http_zoom_redis_link_t *link)
{
    int                                rc;
    redisAsyncContext                 *ac;
    const ngx_http_zoom_redis_conf_t  *conf;

    ac = link->ac;
    conf = link->conf;
    rc = REDIS_OK;

    if (conf->user.len) {
        rc = redisAsyncCommand(ac, ngx_http_zoom_redis_link_greeted, NULL,
                               "AUTH %b %b", conf->user.data, conf->user.len,
                               conf->password.data, conf->password.len);

    } else if (conf->password.len) {
        rc = redisAsyncCommand(ac, ngx_http_zoom_redis_link_greeted, NULL,
                               "AUTH %b", conf->password.data,
                               conf->password.len);
    }

    if (rc == REDIS_OK && conf->db) {
        rc = redisAsyncCommand(ac, ngx_http_zoom_redis_link_greeted, NULL,
                               "SELECT %d", (int) conf->db);
    }

    if (rc == REDIS_OK) {
        rc = redisAsyncCommand(ac, ngx_http_zoom_redis_link_greeted, ac,
                               "PING");
    }

    if (rc != REDIS_OK) {
        ngx_http_zoom_redis_link_break(link, "finds no memory",
                                       sizeof("finds no memory") - 1);
    }
}


static void
ngx_http_zoom_redis_link_greeted(redisAsyncContext *ac, void *data, void *last)
{
    redisReply                  *reply;
    ngx_http_zoom_redis_link_t  *link;

    link = ac->data;
    reply = data;

    if (reply == NULL || link->state != NGX_HTTP_ZOOM_REDIS_GREETING) {
        return;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        ngx_http_zoom_redis_link_break(link, reply->str, reply->len);
        return;
    }

    if (last) {
        link->state = NGX_HTTP_ZOOM_REDIS_OPEN;
        ngx_del_timer(&link->timer);

        link->opened(link);
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

    len = ngx_min(len, sizeof(link->reason) - 1);
    *ngx_cpymem(link->reason, reason, len) = '\0';

    ngx_post_event(&link->breaks, &ngx_posted_events);
}


static void
ngx_http_zoom_redis_link_breaks(ngx_event_t *ev)
{
    ngx_http_zoom_redis_link_t  *link;

    link = ngx_http_zoom_timer_object(ev, ngx_http_zoom_redis_link_t, breaks);

    if (link->ac) {
        redisAsyncFree(link->ac);
    }
}


/* Refused, timed out, broken or lost: what is next is another try. */

static void
ngx_http_zoom_redis_link_away(ngx_http_zoom_redis_link_t *link)
{
    ngx_msec_t  pause;

    if (link->over) {
        return;
    }

    link->state = NGX_HTTP_ZOOM_REDIS_AWAY;

    pause = ngx_max(link->pause, NGX_HTTP_ZOOM_REDIS_PAUSE_MIN);
    link->pause = ngx_min(pause * 2, NGX_HTTP_ZOOM_REDIS_PAUSE_MAX);

    ngx_add_timer(&link->timer, pause / 2 + ngx_random() % pause);

    link->lost(link);
}


static void
ngx_http_zoom_redis_link_timer(ngx_event_t *ev)
{
    u_char                       *p, buf[64];
    ngx_http_zoom_redis_link_t   *link;

    link = ngx_http_zoom_timer_object(ev, ngx_http_zoom_redis_link_t, timer);

    if (link->state == NGX_HTTP_ZOOM_REDIS_AWAY) {
        ngx_http_zoom_redis_link_connect(link);
        return;
    }

    p = ngx_slprintf(buf, buf + sizeof(buf), "no answer within %M ms",
                     link->conf->timeout);

    ngx_http_zoom_redis_link_break(link, (char *) buf, p - buf);
}


static void
ngx_http_zoom_redis_link_read(ngx_event_t *ev)
{
    ngx_connection_t            *c;
    ngx_http_zoom_redis_link_t  *link;

    c = ev->data;
    link = c->data;

    if (link->ac) {
        redisAsyncHandleRead(link->ac);
    }
}


static void
ngx_http_zoom_redis_link_write(ngx_event_t *ev)
{
    ngx_connection_t            *c;
    ngx_http_zoom_redis_link_t  *link;

    c = ev->data;
    link = c->data;

    if (link->ac) {
        redisAsyncHandleWrite(link->ac);
    }
}


/* Level-triggered: hiredis reads once for each event. */

static void
ngx_http_zoom_redis_link_add_read(void *data)
{
    ngx_http_zoom_redis_link_t  *link = data;

    if (!link->connection->read->active) {
        (void) ngx_add_event(link->connection->read, NGX_READ_EVENT,
                             NGX_LEVEL_EVENT);
    }
}


static void
ngx_http_zoom_redis_link_del_read(void *data)
{
    ngx_http_zoom_redis_link_t  *link = data;

    if (link->connection->read->active) {
        (void) ngx_del_event(link->connection->read, NGX_READ_EVENT, 0);
    }
}


static void
ngx_http_zoom_redis_link_add_write(void *data)
{
    ngx_http_zoom_redis_link_t  *link = data;

    if (!link->connection->write->active) {
        (void) ngx_add_event(link->connection->write, NGX_WRITE_EVENT,
                             NGX_LEVEL_EVENT);
    }
}


static void
ngx_http_zoom_redis_link_del_write(void *data)
{
    ngx_http_zoom_redis_link_t  *link = data;

    if (link->connection->write->active) {
        (void) ngx_del_event(link->connection->write, NGX_WRITE_EVENT, 0);
    }
}


/*
 * The one call that comes at each end of a connection, and once: before the
 * replies that nobody will get any more with hiredis 1.x, after them with 0.14.
 * It closes the socket itself.
 */

static void
ngx_http_zoom_redis_link_cleanup(void *data)
{
    ngx_http_zoom_redis_link_t  *link = data;

    ngx_connection_t   *c;
    redisAsyncContext  *ac;

    ac = link->ac;
    c = link->connection;

    ngx_http_zoom_redis_link_del_read(link);
    ngx_http_zoom_redis_link_del_write(link);

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }

    if (c->write->posted) {
        ngx_delete_posted_event(c->write);
    }

    c->read->closed = 1;
    c->write->closed = 1;

    ngx_free_connection(c);
    c->fd = (ngx_socket_t) -1;

    link->connection = NULL;
    link->ac = NULL;

    if (link->reason[0] == '\0') {
        ngx_cpystrn(link->reason,
                    (u_char *) (ac->c.err ? ac->c.errstr
                                          : "closed the connection"),
                    sizeof(link->reason));
    }

    ngx_http_zoom_redis_link_away(link);
}

#endif
