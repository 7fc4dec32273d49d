/*
 * Parameters that are one of a few words.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_choice.h"
#include "ngx_http_zoom_str.h"


size_t
ngx_http_zoom_choice(u_char *text, const void *names, size_t size,
    ngx_uint_t n)
{
    u_char           *p, *last;
    ngx_uint_t        i;
    const char       *before;
    const ngx_str_t  *name;

    p = text;
    last = text + NGX_HTTP_ZOOM_CHOICE_MAX;

    for (i = 0; i < n; i++) {
        name = (const ngx_str_t *) ((const u_char *) names + i * size);

        before = (i == 0) ? "" : (i + 1 < n) ? ", " : " or ";
        p = ngx_slprintf(p, last, "%s\"%V\"", before, name);
    }

    return p - text;
}


char *
ngx_http_zoom_set_enum(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    size_t            len;
    u_char            text[NGX_HTTP_ZOOM_CHOICE_MAX];
    ngx_str_t        *value;
    ngx_uint_t       *field, i;
    ngx_conf_enum_t  *e;

    field = (ngx_uint_t *) (p + cmd->offset);

    if (*field != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;
    e = cmd->post;

    for (i = 0; e[i].name.len; i++) {
        if (ngx_http_zoom_same(&e[i].name, &value[1])) {
            *field = e[i].value;
            return NGX_CONF_OK;
        }
    }

    len = ngx_http_zoom_choice(text, e, sizeof(ngx_conf_enum_t), i);

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid value \"%V\" of \"%V\", it must be %*s",
                       &value[1], &cmd->name, len, text);

    return NGX_CONF_ERROR;
}
