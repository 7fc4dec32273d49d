/* What an operator can do about a store that is away. */

#ifndef _NGX_HTTP_ZOOM_REDIS_ADVICE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_REDIS_ADVICE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* By how its answer begins; NULL: it says so itself. */
const char *ngx_http_zoom_redis_advice(const u_char *reason);


#endif /* _NGX_HTTP_ZOOM_REDIS_ADVICE_H_INCLUDED_ */
