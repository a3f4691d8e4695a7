"""Full-reference metrics of luma: PSNR, RMSE, SSIM."""
