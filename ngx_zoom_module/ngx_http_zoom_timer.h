/*
 * Timers and posted events of objects that are no connections.  nginx's debug
 * log reads a file descriptor through "data" of every event, so it points to a
 * connection without one, and the object is found by where its event lies in
 * it.
 */

#ifndef _NGX_HTTP_ZOOM_TIMER_H_INCLUDED_
#define _NGX_HTTP_ZOOM_TIMER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>


#define ngx_http_zoom_timer_object(ev, type, field)                           \
    (type *) ((u_char *) (ev) - offsetof(type, field))


static ngx_inline void
ngx_http_zoom_timer_init(ngx_event_t *ev, ngx_event_handler_pt handler,
    ngx_log_t *log)
{
    static ngx_connection_t  none;

    none.fd = (ngx_socket_t) -1;

    ngx_memzero(ev, sizeof(ngx_event_t));

    ev->handler = handler;
    ev->log = log;
    ev->data = &none;
}


static ngx_inline void
ngx_http_zoom_timer_stop(ngx_event_t *ev)
{
    if (ev->timer_set) {
        ngx_del_timer(ev);
    }

    if (ev->posted) {
        ngx_delete_posted_event(ev);
    }
}


#endif /* _NGX_HTTP_ZOOM_TIMER_H_INCLUDED_ */
