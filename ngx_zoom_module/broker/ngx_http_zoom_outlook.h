/*
 * What would become of an ask made now, as far as it is known without asking
 * Zoom.
 */

#ifndef _NGX_HTTP_ZOOM_OUTLOOK_H_INCLUDED_
#define _NGX_HTTP_ZOOM_OUTLOOK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_worker_account.h"
#include "zoom_error.h"
#include "zoom_token_type.h"


typedef struct {
    zoom_error_e                 error;      /* ZOOM_OK: nothing speaks against
                                                it */
    const char                  *part;       /* that fails: "limits" */
    time_t                       retry_after;    /* seconds; 0: not known */
} ngx_http_zoom_outlook_t;


/*
 * Of a mint of that type within "budget" milliseconds, by an app that "lacks"
 * the scopes for some types, a bit each: scopes, then what the last mints met
 * with, then what is left of the account's limits.
 */

void ngx_http_zoom_outlook_mint(ngx_http_zoom_worker_account_t *wa,
    zoom_token_type_e type, unsigned lacks, ngx_msec_t budget,
    ngx_http_zoom_outlook_t *outlook);

/*
 * Whether the store has a ZAK of the account that lives for "left" seconds at
 * least.  Looks at a part of the zone, from the last that was stored on: "no"
 * can be wrong in a zone with many accounts, "yes" tells of one user.
 */

ngx_uint_t ngx_http_zoom_outlook_stored(ngx_http_zoom_worker_account_t *wa,
    time_t left);


#endif /* _NGX_HTTP_ZOOM_OUTLOOK_H_INCLUDED_ */
