#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#if (NGX_HTTP_ZOOM_HIREDIS)

#include "ngx_http_zoom_redis_greet.h"


static ngx_int_t ngx_http_zoom_redis_greet_prove(
    ngx_http_zoom_redis_link_t *link);
static ngx_int_t ngx_http_zoom_redis_greet_last(
    ngx_http_zoom_redis_link_t *link);
static void ngx_http_zoom_redis_greeted(redisAsyncContext *ac, void *reply,
    void *last);
static ngx_uint_t ngx_http_zoom_redis_greet_again(
    ngx_http_zoom_redis_link_t *link, const redisReply *reply);
static ngx_uint_t ngx_http_zoom_redis_greet_master(const redisReply *reply);


#define ngx_http_zoom_redis_greet_fail(link, text)                            \
    ngx_http_zoom_redis_link_break(link, text, sizeof(text) - 1)


void
ngx_http_zoom_redis_greet(ngx_http_zoom_redis_link_t *link)
{
    link->state = NGX_HTTP_ZOOM_REDIS_GREETING;
    link->proved = 0;

    if ((!link->sentinel && ngx_http_zoom_redis_greet_prove(link) != REDIS_OK)
        || ngx_http_zoom_redis_greet_last(link) != REDIS_OK)
    {
        ngx_http_zoom_redis_greet_fail(link, "finds no memory");
    }
}


static ngx_int_t
ngx_http_zoom_redis_greet_prove(ngx_http_zoom_redis_link_t *link)
{
    const ngx_http_zoom_redis_conf_t  *conf;

    conf = link->conf;

    link->proved = 1;

    if (conf->user.len) {
        return redisAsyncCommand(link->ac, ngx_http_zoom_redis_greeted, NULL,
                                 "AUTH %b %b", conf->user.data, conf->user.len,
                                 conf->password.data, conf->password.len);
    }

    if (conf->password.len) {
        return redisAsyncCommand(link->ac, ngx_http_zoom_redis_greeted, NULL,
                                 "AUTH %b", conf->password.data,
                                 conf->password.len);
    }

    return REDIS_OK;
}


/* Sentinels have no databases, and what they call the master has to be one. */

static ngx_int_t
ngx_http_zoom_redis_greet_last(ngx_http_zoom_redis_link_t *link)
{
    redisAsyncContext  *ac;

    ac = link->ac;

    if (!link->sentinel && link->conf->db
        && redisAsyncCommand(ac, ngx_http_zoom_redis_greeted, NULL,
                             "SELECT %d", (int) link->conf->db)
           != REDIS_OK)
    {
        return REDIS_ERR;
    }

    return redisAsyncCommand(ac, ngx_http_zoom_redis_greeted, ac,
                             link->find ? "ROLE" : "PING");
}


static void
ngx_http_zoom_redis_greeted(redisAsyncContext *ac, void *data, void *last)
{
    redisReply                  *reply;
    ngx_http_zoom_redis_link_t  *link;

    link = ac->data;
    reply = data;

    if (reply == NULL || link->state != NGX_HTTP_ZOOM_REDIS_GREETING) {
        return;
    }

    if (reply->type == REDIS_REPLY_ERROR) {

        if (!ngx_http_zoom_redis_greet_again(link, reply)) {
            ngx_http_zoom_redis_link_break(link, reply->str, reply->len);
        }

        return;
    }

    if (last == NULL) {
        return;
    }

    if (link->find && !ngx_http_zoom_redis_greet_master(reply)) {
        ngx_http_zoom_redis_greet_fail(link, "REPLICA, though the sentinels "
                                       "call it the master");
        return;
    }

    link->state = NGX_HTTP_ZOOM_REDIS_OPEN;
    link->was = 1;
    link->told[0] = '\0';

    ngx_del_timer(&link->timer);

    link->opened(link);
}


/* A sentinel is given the password of the store if it wants one. */

static ngx_uint_t
ngx_http_zoom_redis_greet_again(ngx_http_zoom_redis_link_t *link,
    const redisReply *reply)
{
    return link->sentinel && !link->proved && link->conf->password.len
           && ngx_strncmp(reply->str, "NOAUTH", 6) == 0
           && ngx_http_zoom_redis_greet_prove(link) == REDIS_OK
           && ngx_http_zoom_redis_greet_last(link) == REDIS_OK;
}


/* "master", "slave" or "sentinel", and more */

static ngx_uint_t
ngx_http_zoom_redis_greet_master(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_ARRAY && reply->elements
           && reply->element[0]->type == REDIS_REPLY_STRING
           && ngx_strcmp(reply->element[0]->str, "master") == 0;
}

#endif
