/*
 * Events that Zoom's webhooks told of, counted by account, name and what became
 * of them.
 */

#ifndef _NGX_HTTP_ZOOM_EVENTS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_EVENTS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_zone.h"


/* As in $zoom_webhook_status, and in lower case for metrics. */

extern const ngx_str_t  ngx_http_zoom_event_words[NGX_HTTP_ZOOM_NEVENTS];
extern const char *const  ngx_http_zoom_event_labels[NGX_HTTP_ZOOM_NEVENTS];


/*
 * "name" is empty where the webhook was not read; it comes from Zoom, so that
 * there may be any number of them: where there is no room both names are
 * empty.
 */

void ngx_http_zoom_events_count(ngx_http_zoom_zone_t *zone,
    const ngx_str_t *account, const ngx_str_t *name,
    ngx_http_zoom_event_e event);


#endif /* _NGX_HTTP_ZOOM_EVENTS_H_INCLUDED_ */
