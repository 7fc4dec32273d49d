/*
 * The code of a device: Zoom is asked until its user has decided, or it dies.
 */

#ifndef _NGX_HTTP_ZOOM_DEVICE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_DEVICE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_connecting.h"


/* Zoom has given it. */
void ngx_http_zoom_device_started(ngx_http_zoom_connecting_t *c);

/* Zoom has been asked whether its user has decided. */
void ngx_http_zoom_device_polled(ngx_http_zoom_connecting_t *c);

/* The handler of c->timer. */
void ngx_http_zoom_device_timer(ngx_event_t *ev);


#endif /* _NGX_HTTP_ZOOM_DEVICE_H_INCLUDED_ */
