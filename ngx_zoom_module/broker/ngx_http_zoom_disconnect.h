/*
 * A user's grant is revoked at Zoom, and then forgotten.  Goes on when whoever
 * asked for it has gone.
 */

#ifndef _NGX_HTTP_ZOOM_DISCONNECT_H_INCLUDED_
#define _NGX_HTTP_ZOOM_DISCONNECT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_conf.h"
#include "zoom_error.h"


typedef struct ngx_http_zoom_disconnect_s  ngx_http_zoom_disconnect_t;

typedef void (*ngx_http_zoom_disconnect_pt)(ngx_http_zoom_disconnect_t *d);


/* What is to be known of it; its own part lies behind. */

struct ngx_http_zoom_disconnect_s {
    ngx_http_zoom_disconnect_pt  handler;    /* set by the caller; NULL: nobody
                                                waits any more */
    void                        *data;

    zoom_error_e                 error;      /* ZOOM_E_NOT_CONNECTED: there is
                                                no such grant */
    time_t                       retry_after;
};


/*
 * "user" is any name of the user's, checked.  NULL: no memory, or too many of
 * them at once.  The handler is called once, from the event loop.
 */

ngx_http_zoom_disconnect_t *ngx_http_zoom_disconnect(
    ngx_http_zoom_account_t *account, const ngx_str_t *user);

/*
 * Zoom says that the user has withdrawn the consent (app_deauthorized): the
 * grant of that id is over, and nothing of it is handed out any more.
 */

void ngx_http_zoom_disconnected(const ngx_http_zoom_account_t *account,
    const ngx_str_t *id);


#endif /* _NGX_HTTP_ZOOM_DISCONNECT_H_INCLUDED_ */
