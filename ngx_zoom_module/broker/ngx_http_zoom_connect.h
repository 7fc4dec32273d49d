/*
 * A user connects an account: a code, or a device's code, becomes a grant in
 * the store.  Goes on when whoever asked for it has gone, for Zoom takes a code
 * once.
 */

#ifndef _NGX_HTTP_ZOOM_CONNECT_H_INCLUDED_
#define _NGX_HTTP_ZOOM_CONNECT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_conf.h"
#include "zoom_error.h"
#include "zoom_grant.h"


typedef struct ngx_http_zoom_connect_s  ngx_http_zoom_connect_t;

typedef void (*ngx_http_zoom_connect_pt)(ngx_http_zoom_connect_t *c);


/* What is to be known of it; its own part lies behind. */

struct ngx_http_zoom_connect_s {
    ngx_http_zoom_connect_pt     handler;    /* set by the caller; NULL: nobody
                                                waits any more */
    void                        *data;

    zoom_error_e                 error;
    time_t                       retry_after;
    zoom_device_t                device;     /* what its user is to do */
};


/* The longest code that is taken. */

#define NGX_HTTP_ZOOM_CODE_MAX  2048


/*
 * "alias" is the operator's name for the user, checked, or empty.  NULL: no
 * memory, or too many of them at once.  The handler is called once, from the
 * event loop: when the grant is durable, or with an error.
 */

ngx_http_zoom_connect_t *ngx_http_zoom_connect_code(
    ngx_http_zoom_account_t *account, const ngx_str_t *alias,
    const ngx_str_t *code, const ngx_str_t *verifier);

/*
 * Likewise, but the handler is called when Zoom has given a device's code: from
 * then on this worker asks until the user has decided, or it quits.
 */

ngx_http_zoom_connect_t *ngx_http_zoom_connect_device(
    ngx_http_zoom_account_t *account, const ngx_str_t *alias);

/* A user has come back from Zoom without a code: counted. */
void ngx_http_zoom_connect_declined(const ngx_http_zoom_account_t *account);

/* Nobody will ask for those any more. */
void ngx_http_zoom_connect_exit_process(void);


#endif /* _NGX_HTTP_ZOOM_CONNECT_H_INCLUDED_ */
