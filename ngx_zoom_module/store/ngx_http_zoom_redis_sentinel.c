#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#if (NGX_HTTP_ZOOM_HIREDIS)

#include "ngx_http_zoom_redis_sentinel.h"
#include "ngx_http_zoom_timer.h"


/* milliseconds: the news is as good as an answer for so long */

#define NGX_HTTP_ZOOM_REDIS_SENTINEL_NEWS  500

#define NGX_HTTP_ZOOM_REDIS_SENTINEL_HOST  255


typedef struct {
    const ngx_http_zoom_redis_conf_t  *conf;
    ngx_http_zoom_redis_link_t        *clients[2];
    ngx_http_zoom_redis_link_t         link;     /* which is asked */
    ngx_http_zoom_redis_link_t         news;
    ngx_http_zoom_redis_place_t        place;    /* of the master */
    u_char                             host[NGX_HTTP_ZOOM_REDIS_SENTINEL_HOST
                                            + 1];
    ngx_msec_t                         switched; /* by the news */
    ngx_event_t                        timer;    /* of the question */
    ngx_uint_t                         known[2]; /* what each of "clients" is
                                                    told was an answer */
    unsigned                           heard:1;  /* "switched" is set */
    unsigned                           asked:1;
    unsigned                           told:1;   /* by the one asked, why there
                                                    is none */
} ngx_http_zoom_redis_sentinel_t;


static void ngx_http_zoom_redis_sentinel_link(ngx_http_zoom_redis_link_t *link,
    ngx_http_zoom_redis_link_pt opened, ngx_http_zoom_redis_link_pt lost);
static void ngx_http_zoom_redis_sentinel_find(
    ngx_http_zoom_redis_link_t *client);
static ngx_uint_t ngx_http_zoom_redis_sentinel_fresh(void);
static void ngx_http_zoom_redis_sentinel_opened(
    ngx_http_zoom_redis_link_t *link);
static void ngx_http_zoom_redis_sentinel_ask(void);
static void ngx_http_zoom_redis_sentinel_answered(redisAsyncContext *ac,
    void *data, void *privdata);
static void ngx_http_zoom_redis_sentinel_late(ngx_event_t *ev);
static void ngx_http_zoom_redis_sentinel_lost(
    ngx_http_zoom_redis_link_t *link);
static void ngx_http_zoom_redis_sentinel_listen(
    ngx_http_zoom_redis_link_t *link);
static void ngx_http_zoom_redis_sentinel_deaf(
    ngx_http_zoom_redis_link_t *link);
static void ngx_http_zoom_redis_sentinel_heard(redisAsyncContext *ac,
    void *data, void *privdata);
static void ngx_http_zoom_redis_sentinel_switch(const ngx_str_t *text);
static ngx_int_t ngx_http_zoom_redis_sentinel_place(const ngx_str_t *host,
    const ngx_str_t *port);
static ngx_uint_t ngx_http_zoom_redis_sentinel_word(ngx_str_t *text,
    ngx_str_t *word);


#define ngx_http_zoom_redis_sentinel_break(link, text)                        \
    ngx_http_zoom_redis_link_break(link, text, sizeof(text) - 1)


static ngx_http_zoom_redis_sentinel_t  ngx_http_zoom_redis_sentinel;


void
ngx_http_zoom_redis_sentinel_start(const ngx_http_zoom_redis_conf_t *conf,
    ngx_http_zoom_redis_link_t *link, ngx_http_zoom_redis_link_t *news)
{
    ngx_http_zoom_redis_sentinel_t  *s;

    s = &ngx_http_zoom_redis_sentinel;

    ngx_memzero(s, sizeof(ngx_http_zoom_redis_sentinel_t));

    s->conf = conf;
    s->clients[0] = link;
    s->clients[1] = news;

    ngx_http_zoom_timer_init(&s->timer, ngx_http_zoom_redis_sentinel_late,
                             link->log);
    s->timer.cancelable = 1;

    link->find = ngx_http_zoom_redis_sentinel_find;
    news->find = ngx_http_zoom_redis_sentinel_find;

    ngx_http_zoom_redis_sentinel_link(&s->link,
                                      ngx_http_zoom_redis_sentinel_opened,
                                      ngx_http_zoom_redis_sentinel_lost);
    ngx_http_zoom_redis_sentinel_link(&s->news,
                                      ngx_http_zoom_redis_sentinel_listen,
                                      ngx_http_zoom_redis_sentinel_deaf);
}


static void
ngx_http_zoom_redis_sentinel_link(ngx_http_zoom_redis_link_t *link,
    ngx_http_zoom_redis_link_pt opened, ngx_http_zoom_redis_link_pt lost)
{
    link->conf = ngx_http_zoom_redis_sentinel.conf;
    link->opened = opened;
    link->lost = lost;
    link->log = ngx_http_zoom_redis_sentinel.clients[0]->log;
    link->sentinel = 1;

    /* hosts that start together ask different ones */

    link->place = ngx_random() % link->conf->nplaces;

    ngx_http_zoom_redis_link_start(link);
}


void
ngx_http_zoom_redis_sentinel_stop(void)
{
    ngx_http_zoom_redis_sentinel_t  *s;

    s = &ngx_http_zoom_redis_sentinel;

    if (s->conf == NULL) {
        return;
    }

    ngx_http_zoom_redis_link_stop(&s->news);
    ngx_http_zoom_redis_link_stop(&s->link);
    ngx_http_zoom_timer_stop(&s->timer);

    s->conf = NULL;
}


static void
ngx_http_zoom_redis_sentinel_find(ngx_http_zoom_redis_link_t *client)
{
    if (ngx_http_zoom_redis_sentinel_fresh()) {
        ngx_http_zoom_redis_link_found(client,
                                       &ngx_http_zoom_redis_sentinel.place);
        return;
    }

    ngx_http_zoom_redis_sentinel_ask();
}


/* The one that is asked may be the last to know. */

static ngx_uint_t
ngx_http_zoom_redis_sentinel_fresh(void)
{
    ngx_http_zoom_redis_sentinel_t  *s;

    s = &ngx_http_zoom_redis_sentinel;

    if (s->heard && ngx_current_msec - s->switched
                    < NGX_HTTP_ZOOM_REDIS_SENTINEL_NEWS)
    {
        return 1;
    }

    s->heard = 0;

    return 0;
}


static void
ngx_http_zoom_redis_sentinel_opened(ngx_http_zoom_redis_link_t *link)
{
    ngx_uint_t                       i;
    ngx_http_zoom_redis_sentinel_t  *s;

    s = &ngx_http_zoom_redis_sentinel;

    for (i = 0; i < 2; i++) {
        if (s->clients[i]->state == NGX_HTTP_ZOOM_REDIS_FINDING) {
            ngx_http_zoom_redis_sentinel_ask();
            return;
        }
    }
}


/* One question for both of them. */

static void
ngx_http_zoom_redis_sentinel_ask(void)
{
    ngx_http_zoom_redis_sentinel_t  *s;

    s = &ngx_http_zoom_redis_sentinel;

    if (s->asked || s->link.state != NGX_HTTP_ZOOM_REDIS_OPEN) {
        return;
    }

    if (redisAsyncCommand(s->link.ac, ngx_http_zoom_redis_sentinel_answered,
                          NULL, "SENTINEL get-master-addr-by-name %s",
                          s->conf->master.data)
        != REDIS_OK)
    {
        ngx_http_zoom_redis_sentinel_break(&s->link, "finds no memory");
        return;
    }

    s->asked = 1;
    ngx_add_timer(&s->timer, s->conf->timeout);
}


static void
ngx_http_zoom_redis_sentinel_answered(redisAsyncContext *ac, void *data,
    void *privdata)
{
    ngx_str_t                        host, port;
    ngx_uint_t                       i;
    redisReply                      *reply;
    ngx_http_zoom_redis_sentinel_t  *s;

    s = &ngx_http_zoom_redis_sentinel;
    reply = data;

    if (reply == NULL || s->link.state != NGX_HTTP_ZOOM_REDIS_OPEN) {
        ngx_http_zoom_redis_link_ends(&s->link);
        return;
    }

    s->asked = 0;
    ngx_http_zoom_timer_stop(&s->timer);

    s->told = 1;

    if (reply->type == REDIS_REPLY_ERROR) {
        ngx_http_zoom_redis_link_break(&s->link, reply->str, reply->len);
        return;
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2
        || reply->element[0]->type != REDIS_REPLY_STRING
        || reply->element[1]->type != REDIS_REPLY_STRING)
    {
        ngx_http_zoom_redis_sentinel_break(&s->link, "no master of that name");
        return;
    }

    host.data = (u_char *) reply->element[0]->str;
    host.len = reply->element[0]->len;
    port.data = (u_char *) reply->element[1]->str;
    port.len = reply->element[1]->len;

    if (!ngx_http_zoom_redis_sentinel_fresh()
        && ngx_http_zoom_redis_sentinel_place(&host, &port) == NGX_ERROR)
    {
        ngx_http_zoom_redis_sentinel_break(&s->link, "names no address");
        return;
    }

    s->told = 0;

    ngx_http_zoom_redis_link_good(&s->link);

    for (i = 0; i < 2; i++) {
        ngx_http_zoom_redis_link_found(s->clients[i], &s->place);
    }
}


static void
ngx_http_zoom_redis_sentinel_late(ngx_event_t *ev)
{
    ngx_http_zoom_redis_link_late(&ngx_http_zoom_redis_sentinel.link);
}


/*
 * Whoever waits goes on waiting for the next, and knows why if there is none.
 * What one has answered says more than that others can't be reached.
 */

static void
ngx_http_zoom_redis_sentinel_lost(ngx_http_zoom_redis_link_t *link)
{
    u_char                          *last;
    ngx_uint_t                       i, told;
    ngx_http_zoom_redis_link_t      *client;
    ngx_http_zoom_redis_sentinel_t  *s;

    s = &ngx_http_zoom_redis_sentinel;

    told = s->told;

    s->told = 0;
    s->asked = 0;
    ngx_http_zoom_timer_stop(&s->timer);

    for (i = 0; i < 2; i++) {
        client = s->clients[i];

        if (client->reason[0] == '\0') {
            s->known[i] = 0;
        }

        if (client->state == NGX_HTTP_ZOOM_REDIS_FINDING
            && (told || !s->known[i]))
        {
            s->known[i] = told;

            last = client->reason + sizeof(client->reason) - 1;

            *ngx_slprintf(client->reason, last, "SENTINELS do not tell where "
                          "\"%V\" is, one of them says: %s",
                          &s->conf->master, link->reason) = '\0';
        }
    }
}


static void
ngx_http_zoom_redis_sentinel_listen(ngx_http_zoom_redis_link_t *link)
{
    if (redisAsyncCommand(link->ac, ngx_http_zoom_redis_sentinel_heard, NULL,
                          "SUBSCRIBE +switch-master")
        != REDIS_OK)
    {
        ngx_http_zoom_redis_sentinel_break(link, "finds no memory");
    }
}


/* Then what is asked says so, once the master is lost. */

static void
ngx_http_zoom_redis_sentinel_deaf(ngx_http_zoom_redis_link_t *link)
{
    ngx_log_error(NGX_LOG_INFO, link->log, 0,
                  "zoom: no news from the sentinels of the store \"%V\": %s",
                  &link->conf->url, link->reason);
}


/* "subscribe", channel, number; or "message", channel, text */

static void
ngx_http_zoom_redis_sentinel_heard(redisAsyncContext *ac, void *data,
    void *privdata)
{
    ngx_str_t                        text;
    redisReply                      *reply;
    ngx_http_zoom_redis_sentinel_t  *s;

    s = &ngx_http_zoom_redis_sentinel;
    reply = data;

    if (reply == NULL) {
        return;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        ngx_http_zoom_redis_link_break(&s->news, reply->str, reply->len);
        return;
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3) {
        return;
    }

    ngx_http_zoom_redis_link_good(&s->news);

    if (reply->element[2]->type == REDIS_REPLY_STRING) {
        text.data = (u_char *) reply->element[2]->str;
        text.len = reply->element[2]->len;

        ngx_http_zoom_redis_sentinel_switch(&text);
    }
}


/* name old-host old-port new-host new-port */

static void
ngx_http_zoom_redis_sentinel_switch(const ngx_str_t *news)
{
    ngx_int_t                        rc;
    ngx_str_t                        text, word[5];
    ngx_uint_t                       i;
    ngx_http_zoom_redis_state_e      state;
    ngx_http_zoom_redis_sentinel_t  *s;

    s = &ngx_http_zoom_redis_sentinel;
    text = *news;

    for (i = 0; i < 5; i++) {
        if (!ngx_http_zoom_redis_sentinel_word(&text, &word[i])) {
            return;
        }
    }

    if (word[0].len != s->conf->master.len
        || ngx_strncmp(word[0].data, s->conf->master.data, word[0].len) != 0)
    {
        return;
    }

    rc = ngx_http_zoom_redis_sentinel_place(&word[3], &word[4]);

    if (rc == NGX_ERROR) {
        return;
    }

    s->heard = 1;
    s->switched = ngx_current_msec;

    for (i = 0; i < 2; i++) {
        state = s->clients[i]->state;

        if (state == NGX_HTTP_ZOOM_REDIS_FINDING) {
            ngx_http_zoom_redis_link_found(s->clients[i], &s->place);

        } else if (rc == NGX_OK || state == NGX_HTTP_ZOOM_REDIS_AWAY) {

            /* else it has asked since then, and is there already */

            ngx_http_zoom_redis_link_moved(s->clients[i]);
        }
    }
}


/* NGX_OK: it is another one than before.  NGX_DECLINED: it is the same. */

static ngx_int_t
ngx_http_zoom_redis_sentinel_place(const ngx_str_t *host,
    const ngx_str_t *port)
{
    ngx_int_t                     n;
    ngx_http_zoom_redis_place_t  *place;

    n = ngx_atoi(port->data, port->len);

    if (n < 1 || n > 65535 || host->len == 0
        || host->len > NGX_HTTP_ZOOM_REDIS_SENTINEL_HOST)
    {
        return NGX_ERROR;
    }

    place = &ngx_http_zoom_redis_sentinel.place;

    if (place->port == n && place->host.len == host->len
        && ngx_strncmp(place->host.data, host->data, host->len) == 0)
    {
        return NGX_DECLINED;
    }

    place->port = (in_port_t) n;
    place->host.len = host->len;
    place->host.data = ngx_http_zoom_redis_sentinel.host;

    ngx_cpystrn(place->host.data, host->data, host->len + 1);

    return NGX_OK;
}


static ngx_uint_t
ngx_http_zoom_redis_sentinel_word(ngx_str_t *text, ngx_str_t *word)
{
    u_char  *p, *last;

    last = text->data + text->len;
    p = ngx_strlchr(text->data, last, ' ');

    word->data = text->data;
    word->len = (p ? p : last) - text->data;

    text->data = p ? p + 1 : last;
    text->len = last - text->data;

    return word->len != 0;
}

#endif
