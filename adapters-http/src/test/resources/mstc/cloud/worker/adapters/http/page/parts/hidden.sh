no file of the page
