/* A zone's counters of events that Zoom's webhooks told of. */

#ifndef _NGX_HTTP_ZOOM_EVENTS_TABLE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_EVENTS_TABLE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_HTTP_ZOOM_EVENTS_NAME  64


/* What became of a webhook. */

typedef enum {
    NGX_HTTP_ZOOM_EVENT_NONE = 0,    /* it has not been looked at */
    NGX_HTTP_ZOOM_EVENT_NEW,
    NGX_HTTP_ZOOM_EVENT_DUPLICATE,
    NGX_HTTP_ZOOM_EVENT_CRC,
    NGX_HTTP_ZOOM_EVENT_IGNORED,
    NGX_HTTP_ZOOM_EVENT_REJECTED,
    NGX_HTTP_ZOOM_EVENT_FAILED,      /* new, but not answered with 2xx */
    NGX_HTTP_ZOOM_NEVENTS
} ngx_http_zoom_event_e;


typedef struct {
    ngx_atomic_t                 hash;       /* of the names, 0: free */
    uint64_t                     config;     /* the last one that had it */
    u_char                       account[NGX_HTTP_ZOOM_EVENTS_NAME];
    u_char                       name[NGX_HTTP_ZOOM_EVENTS_NAME];
    size_t                       account_len;
    size_t                       name_len;   /* 0: it was rejected unread */
    ngx_atomic_t                 counts[NGX_HTTP_ZOOM_NEVENTS];
    ngx_atomic_t                 last;       /* seconds since the epoch */
} ngx_http_zoom_events_t;


#endif /* _NGX_HTTP_ZOOM_EVENTS_TABLE_H_INCLUDED_ */
