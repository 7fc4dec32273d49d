#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include <sys/stat.h>

#include "ngx_http_zoom_curl_socket.h"


static ngx_int_t ngx_http_zoom_curl_socket_room(curl_socket_t fd,
    ngx_log_t *log);


static ngx_http_zoom_curl_socket_t  **ngx_http_zoom_curl_sockets;
static ngx_uint_t                     ngx_http_zoom_curl_nsockets;


ngx_http_zoom_curl_socket_t *
ngx_http_zoom_curl_socket_find(curl_socket_t fd)
{
    if (fd < 0 || (ngx_uint_t) fd >= ngx_http_zoom_curl_nsockets) {
        return NULL;
    }

    return ngx_http_zoom_curl_sockets[fd];
}


ngx_http_zoom_curl_socket_t *
ngx_http_zoom_curl_socket_add(ngx_http_zoom_curl_t *curl, curl_socket_t fd,
    ngx_event_handler_pt handler)
{
    struct stat                   st;
    ngx_connection_t             *c;
    ngx_http_zoom_curl_socket_t  *s;

    if (fstat(fd, &st) == -1
        || ngx_http_zoom_curl_socket_room(fd, curl->log) != NGX_OK)
    {
        return NULL;
    }

    s = ngx_calloc(sizeof(ngx_http_zoom_curl_socket_t), curl->log);
    if (s == NULL) {
        return NULL;
    }

    c = ngx_get_connection(fd, curl->log);
    if (c == NULL) {
        ngx_free(s);
        return NULL;
    }

    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);
    c->data = s;

    c->read->log = curl->log;
    c->read->handler = handler;
    c->write->log = curl->log;
    c->write->handler = handler;

    s->connection = c;
    s->curl = curl;
    s->dev = st.st_dev;
    s->ino = st.st_ino;

    ngx_http_zoom_curl_sockets[fd] = s;

    return s;
}


static ngx_int_t
ngx_http_zoom_curl_socket_room(curl_socket_t fd, ngx_log_t *log)
{
    size_t                         size;
    ngx_uint_t                     n;
    ngx_http_zoom_curl_socket_t  **sockets;

    if ((ngx_uint_t) fd < ngx_http_zoom_curl_nsockets) {
        return NGX_OK;
    }

    n = ngx_max(64, ngx_http_zoom_curl_nsockets * 2);

    while (n <= (ngx_uint_t) fd) {
        n *= 2;
    }

    size = sizeof(ngx_http_zoom_curl_socket_t *);

    sockets = ngx_calloc(n * size, log);
    if (sockets == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_zoom_curl_sockets != NULL) {
        ngx_memcpy(sockets, ngx_http_zoom_curl_sockets,
                   ngx_http_zoom_curl_nsockets * size);
        ngx_free(ngx_http_zoom_curl_sockets);
    }

    ngx_http_zoom_curl_sockets = sockets;
    ngx_http_zoom_curl_nsockets = n;

    return NGX_OK;
}


/*
 * Level-triggered, since curl does not always read until EAGAIN.  The read
 * event of an idle connection is kept for the next transfer.
 */

ngx_int_t
ngx_http_zoom_curl_socket_watch(ngx_http_zoom_curl_socket_t *s)
{
    ngx_event_t  *rev, *wev;

    rev = s->connection->read;
    wev = s->connection->write;

    if ((s->wants & CURL_POLL_IN) && !rev->active) {
        if (ngx_add_event(rev, NGX_READ_EVENT, NGX_LEVEL_EVENT) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (s->wants & CURL_POLL_OUT) {
        if (!wev->active) {
            return ngx_add_event(wev, NGX_WRITE_EVENT, NGX_LEVEL_EVENT);
        }

        return NGX_OK;
    }

    if (wev->active) {
        return ngx_del_event(wev, NGX_WRITE_EVENT, 0);
    }

    return NGX_OK;
}


ngx_uint_t
ngx_http_zoom_curl_socket_gone(ngx_http_zoom_curl_socket_t *s)
{
    struct stat  st;

    return fstat(s->connection->fd, &st) == -1
           || st.st_ino != s->ino
           || st.st_dev != s->dev;
}


void
ngx_http_zoom_curl_socket_forget(ngx_http_zoom_curl_socket_t *s,
    ngx_uint_t flags)
{
    ngx_connection_t  *c;

    c = s->connection;

    if (c->read->active) {
        (void) ngx_del_event(c->read, NGX_READ_EVENT, flags);
    }

    if (c->write->active) {
        (void) ngx_del_event(c->write, NGX_WRITE_EVENT, flags);
    }

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }

    if (c->write->posted) {
        ngx_delete_posted_event(c->write);
    }

    c->read->closed = 1;
    c->write->closed = 1;

    ngx_reusable_connection(c, 0);

    if (s->fresh) {
        ngx_queue_remove(&s->queue);
    }

    if (s->own && !s->connected) {
        s->curl->refused = 1;
    }

    ngx_http_zoom_curl_sockets[c->fd] = NULL;

    ngx_free_connection(c);
    c->fd = (ngx_socket_t) -1;

    ngx_free(s);
}


void
ngx_http_zoom_curl_socket_forget_all(ngx_http_zoom_curl_t *curl)
{
    ngx_uint_t                    i;
    ngx_socket_t                  fd;
    ngx_http_zoom_curl_socket_t  *s;

    for (i = 0; i < ngx_http_zoom_curl_nsockets; i++) {
        s = ngx_http_zoom_curl_sockets[i];

        if (s == NULL || s->curl != curl) {
            continue;
        }

        fd = s->connection->fd;

        if (ngx_http_zoom_curl_socket_gone(s)) {
            ngx_http_zoom_curl_socket_forget(s, NGX_CLOSE_EVENT);
            continue;
        }

        if (s->own) {
            ngx_http_zoom_curl_socket_forget(s, NGX_CLOSE_EVENT);
            (void) ngx_close_socket(fd);
            continue;
        }

        ngx_http_zoom_curl_socket_forget(s, 0);
    }
}


void
ngx_http_zoom_curl_socket_done(void)
{
    if (ngx_http_zoom_curl_sockets != NULL) {
        ngx_free(ngx_http_zoom_curl_sockets);
    }

    ngx_http_zoom_curl_sockets = NULL;
    ngx_http_zoom_curl_nsockets = 0;
}
