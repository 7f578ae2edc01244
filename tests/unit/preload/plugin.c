/* A library to load and unload: check_modules.c. PLUGIN_NUMBER tells two of them apart. */
int plugin_number(void);

int plugin_number(void)
{
    return PLUGIN_NUMBER;
}
